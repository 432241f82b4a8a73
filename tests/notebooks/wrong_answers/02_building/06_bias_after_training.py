# %% ex6-1 | the facets are swapped
def disparate_impact(high, in_d):
    low = np.asarray(high) == 0
    return low[~in_d].mean() / low[in_d].mean()


# %% ex6-1 | 1 in `high` is the UNfavourable score
def disparate_impact(high, in_d):
    return high[in_d].mean() / high[~in_d].mean()


# %% ex6-1 | divide each by its facet's size first
def disparate_impact(high, in_d):
    low = high == 0
    return low[in_d].sum() / low[~in_d].sum()


# %% ex6-1 | this looks like a percentage
def disparate_impact(high, in_d):
    low = high == 0
    return 100 * low[in_d].mean() / low[~in_d].mean()


# %% ex6-1 | that is a difference (DPPL)
def disparate_impact(high, in_d):
    low = high == 0
    return low[~in_d].mean() - low[in_d].mean()


# %% ex6-2 | the facets are swapped
def recall_and_specificity_difference(ok, low, in_d):
    in_d = ~in_d
    recall = [low[(ok == 1) & part].mean() for part in (~in_d, in_d)]
    specificity = [(1 - low)[(ok == 0) & part].mean() for part in (~in_d, in_d)]
    return recall[0] - recall[1], specificity[1] - specificity[0]


# %% ex6-2 | SD has the other sign
def recall_and_specificity_difference(ok, low, in_d):
    recall = [low[(ok == 1) & part].mean() for part in (~in_d, in_d)]
    specificity = [(1 - low)[(ok == 0) & part].mean() for part in (~in_d, in_d)]
    return recall[0] - recall[1], specificity[0] - specificity[1]


# %% ex6-2 | recall is a share of those ok
def recall_and_specificity_difference(ok, low, in_d):
    precision = [ok[(low == 1) & part].mean() for part in (~in_d, in_d)]
    negative = [(1 - ok)[(low == 0) & part].mean() for part in (~in_d, in_d)]
    return precision[0] - precision[1], negative[1] - negative[0]


# %% ex6-2 | favourable and unfavourable are inverted
def recall_and_specificity_difference(ok, low, in_d):
    recall = [(1 - low)[(ok == 0) & part].mean() for part in (~in_d, in_d)]
    specificity = [low[(ok == 1) & part].mean() for part in (~in_d, in_d)]
    return recall[0] - recall[1], specificity[1] - specificity[0]


# %% ex6-2 | a share of the whole facet
def recall_and_specificity_difference(ok, low, in_d):
    tp, tn = ok * low, (1 - ok) * (1 - low)
    return tp[~in_d].mean() - tp[in_d].mean(), tn[in_d].mean() - tn[~in_d].mean()


# %% ex6-2 | these look like percentages
def recall_and_specificity_difference(ok, low, in_d):
    recall = [100 * low[(ok == 1) & part].mean() for part in (~in_d, in_d)]
    specificity = [100 * (1 - low)[(ok == 0) & part].mean() for part in (~in_d, in_d)]
    return recall[0] - recall[1], specificity[1] - specificity[0]


# %% ex6-3 | the sign is swapped
def flip_by_hand(features, in_d, predicted):
    steps = features[in_d][:, None] - features[~in_d]
    other = predicted[~in_d][np.linalg.norm(steps, axis=-1).argmin(axis=1)]
    gained = int((predicted[in_d] & ~other).sum())
    lost = int((~predicted[in_d] & other).sum())
    return gained, lost, (lost - gained) / in_d.sum()


# %% ex6-3 | divide by the people of d
def flip_by_hand(features, in_d, predicted):
    steps = features[in_d][:, None] - features[~in_d]
    other = predicted[~in_d][np.linalg.norm(steps, axis=-1).argmin(axis=1)]
    gained = int((predicted[in_d] & ~other).sum())
    lost = int((~predicted[in_d] & other).sum())
    return gained, lost, (gained - lost) / len(in_d)


# %% ex6-3 | nobody flips
def flip_by_hand(features, in_d, predicted):
    steps = features[in_d][:, None] - features
    other = predicted[np.linalg.norm(steps, axis=-1).argmin(axis=1)]
    gained = int((predicted[in_d] & ~other).sum())
    lost = int((~predicted[in_d] & other).sum())
    return gained, lost, (gained - lost) / in_d.sum()


# %% ex6-3 | the neighbours come from everybody
def flip_by_hand(features, in_d, predicted):
    distance = np.linalg.norm(features[:, None] - features, axis=-1)
    np.fill_diagonal(distance, np.inf)
    other = predicted[distance.argmin(axis=1)][in_d]
    gained = int((predicted[in_d] & ~other).sum())
    lost = int((~predicted[in_d] & other).sum())
    return gained, lost, (gained - lost) / in_d.sum()


# %% ex6-3 | you started from the people of a
def flip_by_hand(features, in_d, predicted):
    steps = features[~in_d][:, None] - features[in_d]
    other = predicted[in_d][np.linalg.norm(steps, axis=-1).argmin(axis=1)]
    gained = int((predicted[~in_d] & ~other).sum())
    lost = int((~predicted[~in_d] & other).sum())
    return gained, lost, (gained - lost) / in_d.sum()


# %% ex6-3 | do you use every column
def flip_by_hand(features, in_d, predicted):
    steps = features[in_d][:, None, :2] - features[~in_d][:, :2]
    other = predicted[~in_d][np.linalg.norm(steps, axis=-1).argmin(axis=1)]
    gained = int((predicted[in_d] & ~other).sum())
    lost = int((~predicted[in_d] & other).sum())
    return gained, lost, (gained - lost) / in_d.sum()


# %% ex6-4 | DI is d over a
def cheapest_line(score, ok, in_d, lines, target):
    tried = []
    for line in lines:
        chosen = score > line
        di = chosen[~in_d].mean() / chosen[in_d].mean()
        tried.append(((chosen == ok).mean(), line, di))
    accuracy, line, di = max(t for t in tried if t[2] >= target)
    return line, di, max(tried)[0] - accuracy


# %% ex6-4 | reaches the target, but 0.3 does so more accurately
def cheapest_line(score, ok, in_d, lines, target):
    best = max((ok == (score > line)).mean() for line in lines)
    for line in lines:
        chosen = score > line
        di = chosen[in_d].mean() / chosen[~in_d].mean()
        if di >= target:
            return line, di, best - (chosen == ok).mean()


# %% ex6-4 | this line misses the target
def cheapest_line(score, ok, in_d, lines, target):
    right = [(ok == (score > line)).mean() for line in lines]
    line = lines[int(np.argmax(right))]
    chosen = score > line
    return line, chosen[in_d].mean() / chosen[~in_d].mean(), 0.0


# %% ex6-4 | the cost looks like percentage points
def cheapest_line(score, ok, in_d, lines, target):
    tried = []
    for line in lines:
        chosen = score > line
        di = chosen[in_d].mean() / chosen[~in_d].mean()
        tried.append(((chosen == ok).mean(), line, di))
    accuracy, line, di = max(t for t in tried if t[2] >= target)
    return line, di, 100 * (max(tried)[0] - accuracy)


# %% ex6-4 | the cost is what is LOST
def cheapest_line(score, ok, in_d, lines, target):
    tried = []
    for line in lines:
        chosen = score > line
        di = chosen[in_d].mean() / chosen[~in_d].mean()
        tried.append(((chosen == ok).mean(), line, di))
    accuracy, line, di = max(t for t in tried if t[2] >= target)
    return line, di, accuracy


# %% ex6-4 | at least means >=
def cheapest_line(score, ok, in_d, lines, target):
    tried = []
    for line in lines:
        chosen = score > line
        di = chosen[in_d].mean() / chosen[~in_d].mean()
        tried.append(((chosen == ok).mean(), line, di))
    reached = [t for t in tried if t[2] > target]
    if not reached:
        return None
    accuracy, line, di = max(reached)
    return line, di, max(tried)[0] - accuracy


# %% ex6-5 | leave out groups below at_least
def worst_group(frame, facets, at_least):
    clear = frame[frame["ok"] == 1]
    table = clear.groupby(facets, observed=True)["low"].agg(["mean", "size"])
    group = table["mean"].idxmin()
    return group, table.loc[group, "mean"], table.loc[group, "size"]


# %% ex6-5 | count the people who stayed clear, not all rows
def worst_group(frame, facets, at_least):
    size = frame.groupby(facets, observed=True).size()
    clear = frame[frame["ok"] == 1]
    table = clear.groupby(facets, observed=True)["low"].agg(["mean", "size"])
    table = table[size.reindex(table.index) >= at_least]
    group = table["mean"].idxmin()
    return group, table.loc[group, "mean"], table.loc[group, "size"]


# %% ex6-5 | recall is a share of those who stayed clear
def worst_group(frame, facets, at_least):
    table = frame.groupby(facets, observed=True)["low"].agg(["mean", "size"])
    table = table[table["size"] >= at_least]
    group = table["mean"].idxmin()
    return group, table.loc[group, "mean"], table.loc[group, "size"]


# %% ex6-5 | that is the best-served group
def worst_group(frame, facets, at_least):
    clear = frame[frame["ok"] == 1]
    table = clear.groupby(facets, observed=True)["low"].agg(["mean", "size"])
    table = table[table["size"] >= at_least]
    group = table["mean"].idxmax()
    return group, table.loc[group, "mean"], table.loc[group, "size"]


# %% ex6-5 | this looks like a percentage
def worst_group(frame, facets, at_least):
    clear = frame[frame["ok"] == 1]
    table = clear.groupby(facets, observed=True)["low"].agg(["mean", "size"])
    table = table[table["size"] >= at_least]
    group = table["mean"].idxmin()
    return group, 100 * table.loc[group, "mean"], table.loc[group, "size"]
