"""Typical wrong answers for Lab 7; each must fail its exercise's checks with the message named."""


# %% ex7-1 | upside down
def weights(counts):
    n = counts.to_numpy().sum()
    group, label = counts.sum(axis="columns") / n, counts.sum(axis="index") / n
    return (counts / n) / np.outer(group, label)


# %% ex7-1 | that makes all cells equally large
def weights(counts):
    return counts.to_numpy().sum() / counts.size / counts


# %% ex7-1 | you forgot the group's share
def weights(counts):
    n = counts.to_numpy().sum()
    return counts.sum(axis="index") / n / (counts / n)


# %% ex7-1 | you forgot the label's share
def weights(counts):
    return (1 / counts).mul(counts.sum(axis="columns"), axis="index")


# %% ex7-1 | return a frame like the one given
def weights(counts):
    n = counts.to_numpy().sum()
    cells = counts.to_numpy() / n
    return np.outer(cells.sum(axis=1), cells.sum(axis=0)) / cells


# %% ex7-2 | these are the rows there ARE
def rows_to_make(facet, label):
    return pd.crosstab(np.asarray(facet), np.asarray(label))


# %% ex7-2 | you balanced within each group
def rows_to_make(facet, label):
    counts = pd.crosstab(np.asarray(facet), np.asarray(label))
    return counts.rsub(counts.max(axis="columns"), axis="index")


# %% ex7-2 | you balanced the groups within each label
def rows_to_make(facet, label):
    counts = pd.crosstab(np.asarray(facet), np.asarray(label))
    return counts.max(axis="index") - counts


# %% ex7-2 | the sign is swapped
def rows_to_make(facet, label):
    counts = pd.crosstab(np.asarray(facet), np.asarray(label))
    return counts - counts.to_numpy().max()


# %% ex7-2 | you went from the parent towards a neighbour
def rows_to_make(facet, label):
    counts = pd.crosstab(np.asarray(facet), np.asarray(label))
    return counts.to_numpy().max() - counts


def new_row(parent, first, second, low, high):
    moved = np.asarray(parent) + 0.8 * (np.asarray(first) - np.asarray(parent))
    return np.clip(np.rint(moved), low, high).astype(int)


# %% ex7-2 | moves AWAY from the neighbour
def rows_to_make(facet, label):
    counts = pd.crosstab(np.asarray(facet), np.asarray(label))
    return counts.to_numpy().max() - counts


def new_row(parent, first, second, low, high):
    moved = np.asarray(parent) + 0.8 * (np.asarray(parent) - np.asarray(first))
    return np.clip(np.rint(moved), low, high).astype(int)


# %% ex7-2 | you added 0.8 x the neighbour itself
def rows_to_make(facet, label):
    counts = pd.crosstab(np.asarray(facet), np.asarray(label))
    return counts.to_numpy().max() - counts


def new_row(parent, first, second, low, high):
    moved = np.asarray(parent) + 0.8 * np.asarray(first)
    return np.clip(np.rint(moved), low, high).astype(int)


# %% ex7-2 | you took the absolute value
def rows_to_make(facet, label):
    counts = pd.crosstab(np.asarray(facet), np.asarray(label))
    return counts.to_numpy().max() - counts


def new_row(parent, first, second, low, high):
    moved = np.asarray(parent) + 0.8 * (np.asarray(first) - np.asarray(second))
    return np.rint(np.abs(moved)).astype(int)


# %% ex7-2 | lies above the cell's highest values
def rows_to_make(facet, label):
    counts = pd.crosstab(np.asarray(facet), np.asarray(label))
    return counts.to_numpy().max() - counts


def new_row(parent, first, second, low, high):
    moved = np.asarray(parent) + 0.8 * (np.asarray(first) - np.asarray(second))
    return np.maximum(np.rint(moved), low).astype(int)


# %% ex7-2 | do not cut it off
def rows_to_make(facet, label):
    counts = pd.crosstab(np.asarray(facet), np.asarray(label))
    return counts.to_numpy().max() - counts


def new_row(parent, first, second, low, high):
    moved = np.asarray(parent) + 0.8 * (np.asarray(first) - np.asarray(second))
    return np.clip(moved, low, high).astype(int)


# %% ex7-3 | did you turn the PREDICTION round
def situation_test(model, X, facet):
    predicted = np.asarray(model.predict(X))
    return predicted == 1 - predicted


# %% ex7-3 | one answer for each of the 8 rows
def situation_test(model, X, facet):
    one, other = pd.unique(X[facet])
    swapped = X.assign(**{facet: X[facet].map({one: other, other: one})})
    return int((model.predict(X) == model.predict(swapped)).sum())


# %% ex7-3 | the other way round: True means keep
def situation_test(model, X, facet):
    one, other = pd.unique(X[facet])
    swapped = X.assign(**{facet: X[facet].map({one: other, other: one})})
    return np.asarray(model.predict(X)) != np.asarray(model.predict(swapped))


# %% ex7-3 | you set everybody to d
def situation_test(model, X, facet):
    one, other = pd.unique(X[facet])
    return np.asarray(model.predict(X)) == model.predict(X.assign(**{facet: other}))


# %% ex7-3 | you changed X itself
def situation_test(model, X, facet):
    before = np.asarray(model.predict(X))
    one, other = pd.unique(X[facet])
    X[facet] = X[facet].map({one: other, other: one})
    return before == np.asarray(model.predict(X))


# %% ex7-4 | which quantile has `target` ABOVE it
def equal_shares(score, in_d, ok, target):
    a, d = np.quantile(score[~in_d], target), np.quantile(score[in_d], target)
    own = np.where(in_d, d, a)
    cost = ((score >= 0.5) == ok).mean() - ((score >= own) == ok).mean()
    return {"a": a, "d": d, "cost": cost}


# %% ex7-4 | one threshold for all
def equal_shares(score, in_d, ok, target):
    line = np.quantile(score, 1 - target)
    cost = ((score >= 0.5) == ok).mean() - ((score >= line) == ok).mean()
    return {"a": line, "d": line, "cost": cost}


# %% ex7-4 | the groups are swapped
def equal_shares(score, in_d, ok, target):
    a, d = np.quantile(score[in_d], 1 - target), np.quantile(score[~in_d], 1 - target)
    own = np.where(in_d, d, a)
    cost = ((score >= 0.5) == ok).mean() - ((score >= own) == ok).mean()
    return {"a": a, "d": d, "cost": cost}


# %% ex7-4 | the sign is swapped
def equal_shares(score, in_d, ok, target):
    a, d = np.quantile(score[~in_d], 1 - target), np.quantile(score[in_d], 1 - target)
    own = np.where(in_d, d, a)
    cost = ((score >= own) == ok).mean() - ((score >= 0.5) == ok).mean()
    return {"a": a, "d": d, "cost": cost}


# %% ex7-4 | not what it costs
def equal_shares(score, in_d, ok, target):
    a, d = np.quantile(score[~in_d], 1 - target), np.quantile(score[in_d], 1 - target)
    own = np.where(in_d, d, a)
    return {"a": a, "d": d, "cost": ((score >= own) == ok).mean()}


# %% ex7-5 | gained and lost are swapped
def who_pays(before, after, in_d):
    step, rows = before - after, {}
    for group, members in (("a", ~in_d), ("d", in_d)):
        own = step[members]
        rows[group] = 1000 * np.array([(own == 1).mean(), (own == -1).mean()])
    return pd.DataFrame(rows, index=["gained", "lost"]).T


# %% ex7-5 | per 1,000 of everybody
def who_pays(before, after, in_d):
    step, rows = after - before, {}
    for group, members in (("a", ~in_d), ("d", in_d)):
        gained, lost = (members & (step == 1)).mean(), (members & (step == -1)).mean()
        rows[group] = 1000 * np.array([gained, lost])
    return pd.DataFrame(rows, index=["gained", "lost"]).T


# %% ex7-5 | a share of those who changed
def who_pays(before, after, in_d):
    step, rows = after - before, {}
    for group, members in (("a", ~in_d), ("d", in_d)):
        own = step[members & (step != 0)]
        rows[group] = 1000 * np.array([(own == 1).mean(), (own == -1).mean()])
    return pd.DataFrame(rows, index=["gained", "lost"]).T


# %% ex7-5 | multiply by 1,000
def who_pays(before, after, in_d):
    step, rows = after - before, {}
    for group, members in (("a", ~in_d), ("d", in_d)):
        own = step[members]
        rows[group] = [(own == 1).mean(), (own == -1).mean()]
    return pd.DataFrame(rows, index=["gained", "lost"]).T


# %% ex7-5 | set off against each other
def who_pays(before, after, in_d):
    step, rows = after - before, {}
    for group, members in (("a", ~in_d), ("d", in_d)):
        net = 1000 * step[members].mean()
        rows[group] = [max(net, 0), max(-net, 0)]
    return pd.DataFrame(rows, index=["gained", "lost"]).T
