# %% ex2-1 | CI: the facets are swapped
def ci_and_dpl(label, in_d, favourable):
    good = label == favourable
    n_a, n_d = in_d.sum(), (~in_d).sum()
    return (n_a - n_d) / (n_a + n_d), good[in_d].mean() - good[~in_d].mean()


# %% ex2-1 | CI looks like a count or a percentage
def ci_and_dpl(label, in_d, favourable):
    good = label == favourable
    n_a, n_d = (~in_d).sum(), in_d.sum()
    ci = 100 * (n_a - n_d) / (n_a + n_d)
    return ci, 100 * (good[~in_d].mean() - good[in_d].mean())


# %% ex2-1 | DPL looks like percentage points
def ci_and_dpl(label, in_d, favourable):
    good = label == favourable
    n_a, n_d = (~in_d).sum(), in_d.sum()
    return (n_a - n_d) / len(label), 100 * (good[~in_d].mean() - good[in_d].mean())


# %% ex2-1 | divide by the facet's own size
def ci_and_dpl(label, in_d, favourable):
    good = label == favourable
    n_a, n_d = (~in_d).sum(), in_d.sum()
    dpl = (good & ~in_d).sum() / len(label) - (good & in_d).sum() / len(label)
    return (n_a - n_d) / (n_a + n_d), dpl


# %% ex2-1 | the argument `favourable` changes nothing
def ci_and_dpl(label, in_d, favourable):
    n_a, n_d = (~in_d).sum(), in_d.sum()
    return (n_a - n_d) / (n_a + n_d), label[~in_d].mean() - label[in_d].mean()


# %% ex2-1 | or the favourable label turned round
def ci_and_dpl(label, in_d, favourable):
    bad = label != favourable
    n_a, n_d = (~in_d).sum(), in_d.sum()
    return (n_a - n_d) / (n_a + n_d), bad[~in_d].mean() - bad[in_d].mean()


# %% ex2-2 | TVD is half of it
def tvd_and_kl(n_a, n_d):
    p_a, p_d = n_a / n_a.sum(), n_d / n_d.sum()
    return np.abs(p_a - p_d).sum(), (p_a * np.log(p_a / p_d)).sum()


# %% ex2-2 | these are counts; make shares first
def tvd_and_kl(n_a, n_d):
    return np.abs(n_a - n_d).sum() / 2, (n_a * np.log(n_a / n_d)).sum()


# %% ex2-2 | nats use the natural logarithm
def tvd_and_kl(n_a, n_d):
    p_a, p_d = n_a / n_a.sum(), n_d / n_d.sum()
    return np.abs(p_a - p_d).sum() / 2, (p_a * np.log2(p_a / p_d)).sum()


# %% ex2-2 | weigh with the shares of a
def tvd_and_kl(n_a, n_d):
    p_a, p_d = n_a / n_a.sum(), n_d / n_d.sum()
    return np.abs(p_a - p_d).sum() / 2, (p_d * np.log(p_d / p_a)).sum()


# %% ex2-2 | a label value that d lacks must not be dropped
def tvd_and_kl(n_a, n_d):
    p_a, p_d = n_a / n_a.sum(), n_d / n_d.sum()
    both = (p_a > 0) & (p_d > 0)
    p_a, p_d = p_a[both], p_d[both]
    return np.abs(p_a - p_d).sum() / 2, (p_a * np.log(p_a / p_d)).sum()


# %% ex2-2 | a divergence is never negative
def tvd_and_kl(n_a, n_d):
    p_a, p_d = n_a / n_a.sum(), n_d / n_d.sum()
    both = (p_a > 0) & (p_d > 0)
    kl = (p_a[both] * np.log(p_a[both] / p_d[both])).sum()
    return np.abs(p_a - p_d).sum() / 2, kl


# %% ex2-2 | 0 times log 0 is nan here
def tvd_and_kl(n_a, n_d):
    p_a, p_d = n_a / n_a.sum(), n_d / n_d.sum()
    return np.abs(p_a - p_d).sum() / 2, (p_a * np.log(p_a / p_d)).sum()


# %% ex2-3 | weigh each by its number of people
def cddl(frame):
    found = []
    for _, rows in frame.groupby("stratum", observed=True):
        refused = rows.loc[~rows["good"], "in_d"].mean()
        accepted = rows.loc[rows["good"], "in_d"].mean()
        found.append(refused - accepted)
    return np.mean(found)


# %% ex2-3 | this looks like percentages
def cddl(frame):
    total = 0
    for _, rows in frame.groupby("stratum", observed=True):
        refused = rows.loc[~rows["good"], "in_d"].mean()
        accepted = rows.loc[rows["good"], "in_d"].mean()
        total += len(rows) * (refused - accepted)
    return 100 * total / len(frame)


# %% ex2-3 | split into strata first
def cddl(frame):
    good = frame["good"]
    return frame.loc[~good, "in_d"].mean() - frame.loc[good, "in_d"].mean()


# %% ex2-3 | the sign is turned: refused minus accepted
def cddl(frame):
    total = 0
    for _, rows in frame.groupby("stratum", observed=True):
        refused = rows.loc[~rows["good"], "in_d"].mean()
        accepted = rows.loc[rows["good"], "in_d"].mean()
        total += len(rows) * (accepted - refused)
    return total / len(frame)


# %% ex2-3 | shares of d in a label
def cddl(frame):
    total = 0
    for _, rows in frame.groupby("stratum", observed=True):
        q_a = rows.loc[~rows["in_d"], "good"].mean()
        q_d = rows.loc[rows["in_d"], "good"].mean()
        total += len(rows) * (q_a - q_d)
    return total / len(frame)


# %% ex2-3 | count the empty share as 0
def cddl(frame):
    total = 0
    for _, rows in frame.groupby("stratum", observed=True):
        refused = rows.loc[~rows["good"], "in_d"].mean()
        accepted = rows.loc[rows["good"], "in_d"].mean()
        total += len(rows) * (refused - accepted)
    return total / len(frame)


# %% ex2-3 | a stratum without refusals was left out
def cddl(frame):
    total = 0
    for _, rows in frame.groupby("stratum", observed=True):
        if rows["good"].nunique() == 2:
            refused = rows.loc[~rows["good"], "in_d"].mean()
            accepted = rows.loc[rows["good"], "in_d"].mean()
            total += len(rows) * (refused - accepted)
    return total / len(frame)


# %% ex2-4 | facets swapped, or the columns
def dpl_interval(cells, draws=1000, seed=0):
    n, shares = cells.sum(), cells.ravel() / cells.sum()
    drawn = np.random.default_rng(seed).multinomial(n, shares, size=draws)
    drawn = drawn.reshape(-1, 2, 2)
    q, each = cells[:, 1] / cells.sum(axis=1), drawn[:, :, 1] / drawn.sum(axis=2)
    return q[1] - q[0], *np.percentile(each[:, 1] - each[:, 0], [2.5, 97.5])


# %% ex2-4 | you divided by the column's sum
def dpl_interval(cells, draws=1000, seed=0):
    n, shares = cells.sum(), cells.ravel() / cells.sum()
    drawn = np.random.default_rng(seed).multinomial(n, shares, size=draws)
    drawn = drawn.reshape(-1, 2, 2)
    q = (cells / cells.sum(axis=0))[:, 1]
    each = (drawn / drawn.sum(axis=1, keepdims=True))[:, :, 1]
    return q[0] - q[1], *np.percentile(each[:, 0] - each[:, 1], [2.5, 97.5])


# %% ex2-4 | not by everybody
def dpl_interval(cells, draws=1000, seed=0):
    n, shares = cells.sum(), cells.ravel() / cells.sum()
    drawn = np.random.default_rng(seed).multinomial(n, shares, size=draws) / n
    q = shares.reshape(2, 2)[:, 1]
    return q[0] - q[1], *np.percentile(drawn[:, 1] - drawn[:, 3], [2.5, 97.5])


# %% ex2-4 | draw with the cells' own shares
def dpl_interval(cells, draws=1000, seed=0):
    q = cells[:, 1] / cells.sum(axis=1)
    drawn = np.random.default_rng(seed).multinomial(cells.sum(), [0.25] * 4, size=draws)
    drawn = drawn.reshape(-1, 2, 2)
    each = drawn[:, :, 1] / drawn.sum(axis=2)
    return q[0] - q[1], *np.percentile(each[:, 0] - each[:, 1], [2.5, 97.5])


# %% ex2-4 | that is a 90 % interval
def dpl_interval(cells, draws=1000, seed=0):
    n, shares = cells.sum(), cells.ravel() / cells.sum()
    drawn = np.random.default_rng(seed).multinomial(n, shares, size=draws)
    drawn = drawn.reshape(-1, 2, 2)
    q, each = cells[:, 1] / cells.sum(axis=1), drawn[:, :, 1] / drawn.sum(axis=2)
    return q[0] - q[1], *np.percentile(each[:, 0] - each[:, 1], [5, 95])


# %% ex2-4 | that is plus and minus one standard deviation
def dpl_interval(cells, draws=1000, seed=0):
    n, shares = cells.sum(), cells.ravel() / cells.sum()
    drawn = np.random.default_rng(seed).multinomial(n, shares, size=draws)
    drawn = drawn.reshape(-1, 2, 2)
    q, each = cells[:, 1] / cells.sum(axis=1), drawn[:, :, 1] / drawn.sum(axis=2)
    gap, spread = q[0] - q[1], (each[:, 0] - each[:, 1]).std()
    return gap, gap - spread, gap + spread


# %% ex2-4 | the argument `seed` changes nothing
def dpl_interval(cells, draws=1000, seed=0):
    n, shares = cells.sum(), cells.ravel() / cells.sum()
    drawn = np.random.default_rng(0).multinomial(n, shares, size=draws)
    drawn = drawn.reshape(-1, 2, 2)
    q, each = cells[:, 1] / cells.sum(axis=1), drawn[:, :, 1] / drawn.sum(axis=2)
    return q[0] - q[1], *np.percentile(each[:, 0] - each[:, 1], [2.5, 97.5])


# %% ex2-5 | the bound is exclusive
def dpl_above(values, good, threshold):
    known = values.notna()
    in_d, good = values[known] >= threshold, good[known]
    return (~in_d).sum(), in_d.sum(), good[~in_d].mean() - good[in_d].mean()


# %% ex2-5 | rows without a value belong to neither facet
def dpl_above(values, good, threshold):
    in_d = values > threshold
    return (~in_d).sum(), in_d.sum(), good[~in_d].mean() - good[in_d].mean()


# %% ex2-5 | the facets are swapped: d is above the threshold
def dpl_above(values, good, threshold):
    below, above = values <= threshold, values > threshold
    return above.sum(), below.sum(), good[above].mean() - good[below].mean()


# %% ex2-5 | the sign is turned: a minus d
def dpl_above(values, good, threshold):
    a, d = values <= threshold, values > threshold
    return a.sum(), d.sum(), good[d].mean() - good[a].mean()
