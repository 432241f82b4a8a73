"""Typical wrong answers for Lab 5; each must fail its exercise's checks with the message named."""


# %% ex5-1 | the square's derivative brings a factor 2
def weighted_gradient(X, y, w, c):
    error = X @ w - y
    return X.T @ (c * error) / c.sum()


# %% ex5-1 | divide by the sum of the people's weights, not by their number
def weighted_gradient(X, y, w, c):
    error = X @ w - y
    return 2 * X.T @ (c * error) / len(y)


# %% ex5-1 | this points downhill
def weighted_gradient(X, y, w, c):
    error = y - X @ w
    return 2 * X.T @ (c * error) / c.sum()


# %% ex5-1 | this is the sum's gradient
def weighted_gradient(X, y, w, c):
    return (2 * X.T * c) @ (X @ w - y)


# %% ex5-1 | one number a column
def weighted_gradient(X, y, w, c):
    error = X @ w - y
    return 2 * (X @ w) * c * error / c.sum()


# %% ex5-1 | everybody counts the same here
def weighted_gradient(X, y, w, c):
    return 2 * X.T @ (X @ w - y) / len(y)


# %% ex5-1 | everybody counts the same here
def weighted_gradient(X, y, w, c):
    return 2 * X.T @ (X @ w - y) / c.sum()


# %% ex5-2 | the last, smaller batch was left out
def sgd_epoch(gradient, X, y, w, rate, batch, order):
    for k in range(len(order) // batch):
        some = order[k * batch : (k + 1) * batch]
        w = w - rate * gradient(X[some], y[some], w)
    return w


# %% ex5-2 | every batch was judged with the weights of the start
def sgd_epoch(gradient, X, y, w, rate, batch, order):
    new = w.copy()
    for start in range(0, len(order), batch):
        some = order[start : start + batch]
        new = new - rate * gradient(X[some], y[some], w)
    return new


# %% ex5-2 | follow `order`
def sgd_epoch(gradient, X, y, w, rate, batch, order):
    for start in range(0, len(order), batch):
        some = slice(start, start + batch)
        w = w - rate * gradient(X[some], y[some], w)
    return w


# %% ex5-2 | the caller's array was changed
def sgd_epoch(gradient, X, y, w, rate, batch, order):
    for start in range(0, len(order), batch):
        some = order[start : start + batch]
        w -= rate * gradient(X[some], y[some], w)
    return w


# %% ex5-2 | one step for all people is full descent
def sgd_epoch(gradient, X, y, w, rate, batch, order):
    return w - rate * gradient(X[order], y[order], w)


# %% ex5-3 | sure and right, and the loss is no number
def cross_entropy(X, y, w):
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-X @ w))
        loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    return loss, X.T @ (p - y) / len(y)


# %% ex5-3 | the chances are clipped
def cross_entropy(X, y, w):
    z = X @ w
    p = np.exp(-np.logaddexp(0, -z)).clip(1e-15, 1 - 1e-15)
    loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    return loss, X.T @ (p - y) / len(y)


# %% ex5-3 | the factor 2 p (1 - p) belongs to the squared error
def cross_entropy(X, y, w):
    z = X @ w
    p = np.exp(-np.logaddexp(0, -z))
    gradient = X.T @ (2 * (p - y) * p * (1 - p)) / len(y)
    return (np.logaddexp(0, z) - y * z).mean(), gradient


# %% ex5-3 | this is the sum over the people
def cross_entropy(X, y, w):
    z = X @ w
    p = np.exp(-np.logaddexp(0, -z))
    return (np.logaddexp(0, z) - y * z).sum(), X.T @ (p - y)


# %% ex5-3 | take the natural logarithm
def cross_entropy(X, y, w):
    p = 1 / (1 + np.exp(-X @ w))
    loss = -(y * np.log2(p) + (1 - y) * np.log2(1 - p)).mean()
    return loss, X.T @ (p - y) / len(y)


# %% ex5-3 | return (loss, gradient)
def cross_entropy(X, y, w):
    z = X @ w
    return (np.logaddexp(0, z) - y * z).mean()


# %% ex5-3 | return (loss, gradient)
def cross_entropy(X, y, w):
    z = X @ w
    p = np.exp(-np.logaddexp(0, -z))
    return X.T @ (p - y) / len(y), (np.logaddexp(0, z) - y * z).mean()


# %% ex5-4 | do not look at losses after the end
def early_stopping(losses, patience, tolerance=0.0):
    best = int(np.argmin(losses))
    return best, min(best + patience, len(losses) - 1), best + patience < len(losses)


# %% ex5-4 | best 3 and patience 2 make 5
def early_stopping(losses, patience, tolerance=0.0):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best] * (1 - tolerance):
            best = epoch
        if epoch - best > patience:
            return best, epoch, True
    return best, epoch, False


# %% ex5-4 | keep the best
def early_stopping(losses, patience, tolerance=0.0):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best] * (1 - tolerance):
            best = epoch
        if epoch - best >= patience:
            return epoch, epoch, True
    return epoch, epoch, False


# %% ex5-4 | not with the epoch before
def early_stopping(losses, patience, tolerance=0.0):
    best = 0
    for epoch, loss in enumerate(losses):
        if epoch and loss < losses[epoch - 1] * (1 - tolerance):
            best = epoch if loss < losses[best] else best
            since = 0
        elif epoch:
            since += 1
        else:
            since = 0
        if since >= patience:
            return best, epoch, True
    return best, epoch, False


# %% ex5-4 | an equal loss is no improvement
def early_stopping(losses, patience, tolerance=0.0):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss <= losses[best] * (1 - tolerance):
            best = epoch
        if epoch - best >= patience:
            return best, epoch, True
    return best, epoch, False


# %% ex5-4 | the tolerance is a share of the best loss
def early_stopping(losses, patience, tolerance=0.0):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best] - tolerance:
            best = epoch
        if epoch - best >= patience:
            return best, epoch, True
    return best, epoch, False


# %% ex5-4 | return (best, last, stopped)
def early_stopping(losses, patience, tolerance=0.0):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best] * (1 - tolerance):
            best = epoch
        if epoch - best >= patience:
            return [best, epoch, True]
    return [best, epoch, False]


# %% ex5-5 | set the member's size before addfile
def source_archive(text):
    joined = io.BytesIO()
    with tarfile.TarFile(fileobj=joined, mode="w") as archive:
        member = tarfile.TarInfo("train.py")
        archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(joined.getvalue())


# %% ex5-5 | the size counts bytes, not characters
def source_archive(text):
    joined = io.BytesIO()
    with tarfile.TarFile(fileobj=joined, mode="w") as archive:
        member = tarfile.TarInfo("train.py")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(joined.getvalue())


# %% ex5-5 | hyperparameters are strings
def training_request(name, role, source, data, output, options, metrics):
    own = {"sagemaker_program": "train.py", "sagemaker_submit_directory": source}
    return {
        "TrainingJobName": name,
        "HyperParameters": {**own, **options},
        "AlgorithmSpecification": {"MetricDefinitions": []},
    }


# %% ex5-5 | loss= is found inside val_loss=
def training_request(name, role, source, data, output, options, metrics):
    own = {"sagemaker_program": "train.py", "sagemaker_submit_directory": source}
    found = [{"Name": m, "Regex": f"{w}=([0-9.]+)"} for m, w in metrics.items()]
    return {
        **machine,
        "TrainingJobName": name,
        "RoleArn": role,
        "AlgorithmSpecification": {**image, "MetricDefinitions": found},
        "HyperParameters": own | {o: str(value) for o, value in options.items()},
        "InputDataConfig": [channel(part, uri) for part, uri in data.items()],
        "OutputDataConfig": {"S3OutputPath": output},
    }


# %% ex5-5 | where does it lie? sagemaker_submit_directory
def training_request(name, role, source, data, output, options, metrics):
    own = {"sagemaker_program": "train.py"}
    own |= {option: str(value) for option, value in options.items()}
    return {"TrainingJobName": name, "HyperParameters": own}
