# %% ex1-1 | average over height and width
def frozen_features(network, layer, images):
    network.trainable = False
    lower = keras.Model(network.input, network.get_layer(layer).output)
    return lower.predict(images, verbose=0)


# %% ex1-1 | the images themselves were averaged
def frozen_features(network, layer, images):
    network.trainable = False
    lower = keras.Model(network.input, network.get_layer(layer).output)
    return lower.predict(images, verbose=0).mean(axis=(0, 1))


# %% ex1-1 | not that of the layer
def frozen_features(network, layer, images):
    network.trainable = False
    return network.predict(images, verbose=0).mean(axis=(1, 2))


# %% ex1-1 | take the mean
def frozen_features(network, layer, images):
    network.trainable = False
    lower = keras.Model(network.input, network.get_layer(layer).output)
    return lower.predict(images, verbose=0).max(axis=(1, 2))


# %% ex1-1 | the network can still be trained
def frozen_features(network, layer, images):
    lower = keras.Model(network.input, network.get_layer(layer).output)
    return lower.predict(images, verbose=0).mean(axis=(1, 2))


# %% ex1-2 | keep to the labelled rows
def choose_strength(features, labels, labelled, strengths):
    losses = []
    for C in strengths:
        head = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000))
        folds = cross_val_score(head, features, labels, cv=5, scoring="neg_log_loss")
        losses.append(-folds.mean())
    best = strengths[int(np.argmin(losses))]
    head = make_pipeline(StandardScaler(), LogisticRegression(C=best, max_iter=2000))
    return best, head.fit(features, labels)


# %% ex1-2 | was the loss taken on the rows that were fitted
def choose_strength(features, labels, labelled, strengths):
    X, y = features[labelled], labels[labelled]
    heads = [
        make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000)).fit(
            X, y
        )
        for C in strengths
    ]
    fits = [np.log(h.predict_proba(X)[np.arange(len(y)), y]).mean() for h in heads]
    best = int(np.argmax(fits))
    return strengths[best], heads[best]


# %% ex1-2 | the worst strength chosen
def choose_strength(features, labels, labelled, strengths):
    X, y = features[labelled], labels[labelled]
    scores = []
    for C in strengths:
        head = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000))
        folds = cross_val_score(head, X, y, cv=5, scoring="neg_log_loss")
        scores.append(folds.mean())
    best = strengths[int(np.argmin(scores))]
    head = make_pipeline(StandardScaler(), LogisticRegression(C=best, max_iter=2000))
    return best, head.fit(X, y)


# %% ex1-2 | return one of the strengths
def choose_strength(features, labels, labelled, strengths):
    X, y = features[labelled], labels[labelled]
    losses = []
    for C in strengths:
        head = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000))
        folds = cross_val_score(head, X, y, cv=5, scoring="neg_log_loss")
        losses.append(-folds.mean())
    head = make_pipeline(StandardScaler(), LogisticRegression(C=1, max_iter=2000))
    return min(losses), head.fit(X, y)


# %% ex1-3 | take Student's t
def learning_curve(table):
    told = table.groupby("labels")["auc"].agg(["mean", "std", "size"])
    half = 1.96 * told["std"] / np.sqrt(told["size"])
    return told[["mean"]].assign(low=told["mean"] - half, high=told["mean"] + half)


# %% ex1-3 | divide by the root of the number of seeds
def learning_curve(table):
    told = table.groupby("labels")["auc"].agg(["mean", "std", "size"])
    half = stats.t.ppf(0.975, told["size"] - 1) * told["std"]
    return told[["mean"]].assign(low=told["mean"] - half, high=told["mean"] + half)


# %% ex1-3 | for a sample divide by k - 1
def learning_curve(table):
    groups = table.groupby("labels")["auc"]
    told = groups.agg(["mean", "size"]).assign(std=groups.std(ddof=0))
    half = stats.t.ppf(0.975, told["size"] - 1) * told["std"] / np.sqrt(told["size"])
    return told[["mean"]].assign(low=told["mean"] - half, high=told["mean"] + half)


# %% ex1-3 | in rising order
def learning_curve(table):
    told = table.groupby("labels", sort=False)["auc"].agg(["mean", "std", "size"])
    half = stats.t.ppf(0.975, told["size"] - 1) * told["std"] / np.sqrt(told["size"])
    return told[["mean"]].assign(low=told["mean"] - half, high=told["mean"] + half)


# %% ex1-4 | judge blackness after the crop
def without_margin(images, labels, margin, most):
    height, width = images.shape[1:]
    kept = (images <= 1).mean(axis=(1, 2)) <= most / 2
    middle = images[:, margin : height - margin, margin : width - margin]
    return middle[kept], labels[kept]


# %% ex1-4 | -0 is 0
def without_margin(images, labels, margin, most):
    middle = images[:, margin:-margin, margin:-margin]
    if middle.size == 0:
        return middle, labels
    kept = (middle <= 1).mean(axis=(1, 2)) <= most
    return middle[kept], labels[kept]


# %% ex1-4 | cut every side
def without_margin(images, labels, margin, most):
    middle = images[:, margin:, margin:]
    kept = (middle <= 1).mean(axis=(1, 2)) <= most
    return middle[kept], labels[kept]


# %% ex1-4 | leave out both, a face too
def without_margin(images, labels, margin, most):
    height, width = images.shape[1:]
    middle = images[:, margin : height - margin, margin : width - margin]
    kept = ((middle <= 1).mean(axis=(1, 2)) <= most) | (labels == 1)
    return middle[kept], labels[kept]


# %% ex1-4 | filtered alike
def without_margin(images, labels, margin, most):
    height, width = images.shape[1:]
    middle = images[:, margin : height - margin, margin : width - margin]
    kept = (middle <= 1).mean(axis=(1, 2)) <= most
    return middle[kept], labels


# %% ex1-5 | a BatchNormalization can be trained
def unfreeze_from(network, first):
    network.trainable = True
    for layer in network.layers:
        deep = layer.name == "conv_head"
        if layer.name.startswith("blocks."):
            deep = int(layer.name.split(".")[1]) >= first
        layer.trainable = deep
    return sum(int(np.prod(w.shape)) for w in network.trainable_weights)


# %% ex1-5 | compare numbers, not text
def unfreeze_from(network, first):
    network.trainable = True
    for layer in network.layers:
        deep = layer.name == "conv_head" or layer.name >= f"blocks.{first}"
        deep = deep and layer.name != "conv_stem"
        normalises = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = deep and not normalises
    return sum(int(np.prod(w.shape)) for w in network.trainable_weights)


# %% ex1-5 | the network's own flag is off
def unfreeze_from(network, first):
    for layer in network.layers:
        deep = layer.name == "conv_head"
        if layer.name.startswith("blocks."):
            deep = int(layer.name.split(".")[1]) >= first
        normalises = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = deep and not normalises
    return sum(int(np.prod(w.shape)) for w in network.trainable_weights)


# %% ex1-5 | block 9 itself
def unfreeze_from(network, first):
    network.trainable = True
    for layer in network.layers:
        deep = layer.name == "conv_head"
        if layer.name.startswith("blocks."):
            deep = int(layer.name.split(".")[1]) > first
        normalises = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = deep and not normalises
    return sum(int(np.prod(w.shape)) for w in network.trainable_weights)


# %% ex1-5 | count the numbers in them
def unfreeze_from(network, first):
    network.trainable = True
    for layer in network.layers:
        deep = layer.name == "conv_head"
        if layer.name.startswith("blocks."):
            deep = int(layer.name.split(".")[1]) >= first
        normalises = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = deep and not normalises
    return len(network.trainable_weights)


# %% ex1-4 | is not *more* than a quarter
def without_margin(images, labels, margin, most):
    height, width = images.shape[1:]
    middle = images[:, margin : height - margin, margin : width - margin]
    kept = (middle <= 1).mean(axis=(1, 2)) < most
    return middle[kept], labels[kept]


# %% ex1-2 | was fitted with another strength
def choose_strength(features, labels, labelled, strengths):
    X, y = features[labelled], labels[labelled]
    losses = []
    for C in strengths:
        head = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000))
        folds = cross_val_score(head, X, y, cv=5, scoring="neg_log_loss")
        losses.append(-folds.mean())
    return strengths[int(np.argmin(losses))], head.fit(X, y)


# %% ex1-2 | to all rows of labelled and to no others
def choose_strength(features, labels, labelled, strengths):
    X, y = features[labels >= 0], labels[labels >= 0]
    losses = []
    for C in strengths:
        head = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000))
        folds = cross_val_score(head, X, y, cv=5, scoring="neg_log_loss")
        losses.append(-folds.mean())
    best = strengths[int(np.argmin(losses))]
    head = make_pipeline(StandardScaler(), LogisticRegression(C=best, max_iter=2000))
    return best, head.fit(X, y)


# %% ex1-2 | the scaler belongs into the pipeline
def choose_strength(features, labels, labelled, strengths):
    X, y = features[labelled], labels[labelled]
    losses = []
    for C in strengths:
        head = make_pipeline(LogisticRegression(C=C, max_iter=2000))
        folds = cross_val_score(head, X, y, cv=5, scoring="neg_log_loss")
        losses.append(-folds.mean())
    best = strengths[int(np.argmin(losses))]
    return best, make_pipeline(LogisticRegression(C=best, max_iter=2000)).fit(X, y)


# %% ex1-1 | in testing mode
def frozen_features(network, layer, images):
    network.trainable = False
    lower = keras.Model(network.input, network.get_layer(layer).output)
    return np.asarray(lower(images, training=True)).mean(axis=(1, 2))


# %% ex1-4 | height and width may differ
def without_margin(images, labels, margin, most):
    size = images.shape[1]
    middle = images[:, margin : size - margin, margin : size - margin]
    kept = (middle <= 1).mean(axis=(1, 2)) <= most
    return middle[kept], labels[kept]
