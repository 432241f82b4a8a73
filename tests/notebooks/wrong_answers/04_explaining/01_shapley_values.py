"""Typical wrong answers for Lab 1; each must fail its exercise's checks with the message named."""


# %% ex1-1 | you paid each player what it is worth ALONE
def shapley(worth, players):
    return {p: worth[frozenset([p])] - worth[frozenset()] for p in players}


# %% ex1-1 | what is lost when it LEAVES everybody
def shapley(worth, players):
    everybody = frozenset(players)
    return {p: worth[everybody] - worth[everybody - {p}] for p in players}


# %% ex1-1 | you gave every coalition the same weight
def shapley(worth, players):
    phi = {}
    for p in players:
        without = [s for s in worth if p not in s]
        phi[p] = np.mean([worth[s | {p}] - worth[s] for s in without])
    return phi


# %% ex1-1 | the values add up to the score itself
def shapley(worth, players):
    n, phi = len(players), dict.fromkeys(players, 0.0)
    for player in players:
        for inside in worth:
            if player not in inside:
                k = len(inside)
                weight = factorial(k) * factorial(n - k - 1) / factorial(n)
                before = worth[inside] if inside else 0
                phi[player] += weight * (worth[inside | {player}] - before)
    return phi


# %% ex1-2 | leave them out
def kernel_weights(n):
    sizes = range(n + 1)
    return np.array([(n - 1) / (comb(n, s) * s * (n - s)) for s in sizes])


# %% ex1-2 | the weight of ALL coalitions of a size
def kernel_weights(n):
    return np.array([(n - 1) / (s * (n - s)) for s in range(1, n)])


# %% ex1-2 | the weights of the formula of orders
def kernel_weights(n):
    sizes = range(1, n)
    return np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in sizes])


# %% ex1-2 | the factor n - 1 is missing
def kernel_weights(n):
    return np.array([1 / (comb(n, s) * s * (n - s)) for s in range(1, n)])


# %% ex1-3 | you counted 2^k
def evaluations(rows, baseline, n_samples=None):
    rows, baseline = np.asarray(rows), np.asarray(baseline)
    budget = 2 * rows.shape[1] + 2**11 if n_samples is None else n_samples
    asked = len(rows) + len(baseline)
    for row in rows:
        for k in (row != baseline).sum(axis=1):
            asked += min(budget, 2 ** int(k))
    return asked


# %% ex1-3 | you took all F features in every pair
def evaluations(rows, baseline, n_samples=None):
    rows, baseline = np.asarray(rows), np.asarray(baseline)
    width = rows.shape[1]
    budget = 2 * width + 2**11 if n_samples is None else n_samples
    inner = min(budget, 2**width - 2)
    return len(rows) * len(baseline) * inner + len(rows) + len(baseline)


# %% ex1-3 | the rows and the baseline rows themselves are scored too
def evaluations(rows, baseline, n_samples=None):
    rows, baseline = np.asarray(rows), np.asarray(baseline)
    budget = 2 * rows.shape[1] + 2**11 if n_samples is None else n_samples
    asked = 0
    for row in rows:
        for k in (row != baseline).sum(axis=1):
            asked += min(budget, max(0, 2 ** int(k) - 2))
    return asked


# %% ex1-3 | each baseline row has coalitions of its own
def evaluations(rows, baseline, n_samples=None):
    rows, baseline = np.asarray(rows), np.asarray(baseline)
    budget = 2 * rows.shape[1] + 2**11 if n_samples is None else n_samples
    asked = len(rows) + len(baseline)
    for row in rows:
        k = int((row != baseline).any(axis=0).sum())
        asked += min(budget, max(0, 2**k - 2))
    return asked


# %% ex1-3 | F counts all columns
def evaluations(rows, baseline, n_samples=None):
    rows, baseline = np.asarray(rows), np.asarray(baseline)
    asked = len(rows) + len(baseline)
    for row in rows:
        for k in map(int, (row != baseline).sum(axis=1)):
            budget = 2 * k + 2**11 if n_samples is None else n_samples
            asked += min(budget, max(0, 2**k - 2))
    return asked


# %% ex1-3 | above the budget only the budget is asked
def evaluations(rows, baseline, n_samples=None):
    rows, baseline = np.asarray(rows), np.asarray(baseline)
    asked = len(rows) + len(baseline)
    for row in rows:
        for k in (row != baseline).sum(axis=1):
            asked += max(0, 2 ** int(k) - 2)
    return asked


# %% ex1-4 | you took the largest absolute value
def first_reasons_differ(phi, other):
    return (np.abs(phi).argmax(axis=1) != np.abs(other).argmax(axis=1)).mean()


# %% ex1-4 | has no first reason
def first_reasons_differ(phi, other):
    return (phi.argmax(axis=1) != other.argmax(axis=1)).mean()


# %% ex1-4 | one reason for each person, not each feature
def first_reasons_differ(phi, other):
    return (phi.argmax(axis=0) != other.argmax(axis=0)).mean()


# %% ex1-4 | that counts people
def first_reasons_differ(phi, other):
    return (phi.argmax(axis=1) != other.argmax(axis=1)).sum()


# %% ex1-4 | the share who KEEP their first reason
def first_reasons_differ(phi, other):
    return (phi.argmax(axis=1) == other.argmax(axis=1)).mean()


# %% ex1-5 | the sign is swapped
def gap_by_feature(phi, in_d, draws=1000, seed=0):
    random = np.random.default_rng(seed)
    a, d = phi[~in_d], phi[in_d]

    def redrawn(rows):
        return rows[random.integers(len(rows), size=len(rows))].mean(axis=0)

    drawn = [redrawn(a) - redrawn(d) for _ in range(draws)]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return pd.DataFrame({"value": a.mean(0) - d.mean(0), "low": low, "high": high})


# %% ex1-5 | you took absolute values first
def gap_by_feature(phi, in_d, draws=1000, seed=0):
    random = np.random.default_rng(seed)
    d, a = np.abs(phi[in_d]), np.abs(phi[~in_d])

    def redrawn(rows):
        return rows[random.integers(len(rows), size=len(rows))].mean(axis=0)

    drawn = [redrawn(d) - redrawn(a) for _ in range(draws)]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return pd.DataFrame({"value": d.mean(0) - a.mean(0), "low": low, "high": high})


# %% ex1-5 | that is the spread of PEOPLE
def gap_by_feature(phi, in_d, draws=1000, seed=0):
    d, a = phi[in_d], phi[~in_d]
    low, high = np.quantile(d - a.mean(axis=0), [0.025, 0.975], axis=0)
    return pd.DataFrame({"value": d.mean(0) - a.mean(0), "low": low, "high": high})


# %% ex1-5 | each group must be redrawn at its OWN size
def gap_by_feature(phi, in_d, draws=1000, seed=0):
    random = np.random.default_rng(seed)
    d, a = phi[in_d], phi[~in_d]

    def redrawn(rows):
        return rows[random.integers(len(rows), size=len(phi))].mean(axis=0)

    drawn = [redrawn(d) - redrawn(a) for _ in range(draws)]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return pd.DataFrame({"value": d.mean(0) - a.mean(0), "low": low, "high": high})


# %% ex1-5 | did you redraw the groups' labels
def gap_by_feature(phi, in_d, draws=1000, seed=0):
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        label = random.permutation(in_d)
        drawn.append(phi[label].mean(axis=0) - phi[~label].mean(axis=0))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    value = phi[in_d].mean(axis=0) - phi[~in_d].mean(axis=0)
    return pd.DataFrame({"value": value, "low": low, "high": high})
