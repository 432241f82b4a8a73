# %% ex2-1 | both areas gained
def step(record, visit_draw, discovery_draw, rates):
    new = np.array(record, float)
    new += discovery_draw < np.array(rates)  # both areas discover
    return new


# %% ex2-1 | compare visit_draw with A's share
def step(record, visit_draw, discovery_draw, rates):
    new = np.array(record, float)
    visited = 0 if visit_draw < 0.5 else 1  # a coin instead of the record
    if discovery_draw < rates[visited]:
        new[visited] += 1
    return new


# %% ex2-1 | the rate of the area that is visited
def step(record, visit_draw, discovery_draw, rates):
    new = np.array(record, float)
    visited = 0 if visit_draw < new[0] / new.sum() else 1
    if discovery_draw < rates[0]:  # always A's rate
        new[visited] += 1
    return new


# %% ex2-1 | work on a copy
def step(record, visit_draw, discovery_draw, rates):
    visited = 0 if visit_draw < record[0] / sum(record) else 1
    if discovery_draw < rates[visited]:
        record[visited] += 1  # in place
    return np.asarray(record)


# %% ex2-2 | is row 0 the starting share?
def simulate(start, visits, discoveries, rates):
    days, runs = visits.shape
    a, b = np.full(runs, float(start[0])), np.full(runs, float(start[1]))
    shares = []
    for day in range(days):
        in_a = visits[day] < a / (a + b)
        found = discoveries[day] < np.where(in_a, rates[0], rates[1])
        a += found & in_a
        b += found & ~in_a
        shares.append(a / (a + b))
    return np.array(shares)  # day 0 is missing


# %% ex2-2 | the share a run reached on day 1 decides
def simulate(start, visits, discoveries, rates):
    days, runs = visits.shape
    a, b = np.full(runs, float(start[0])), np.full(runs, float(start[1]))
    shares = [a / (a + b)]
    for day in range(days):
        in_a = visits[day] < a.sum() / (a.sum() + b.sum())  # all runs share one record
        found = discoveries[day] < np.where(in_a, rates[0], rates[1])
        a += found & in_a
        b += found & ~in_a
        shares.append(a / (a + b))
    return np.array(shares)


# %% ex2-2 | an area that is visited has its own rate
def simulate(start, visits, discoveries, rates):
    days, runs = visits.shape
    a, b = np.full(runs, float(start[0])), np.full(runs, float(start[1]))
    shares = [a / (a + b)]
    for day in range(days):
        in_a = visits[day] < a / (a + b)
        found = discoveries[day] < rates[0]  # A's rate in both areas
        a += found & in_a
        b += found & ~in_a
        shares.append(a / (a + b))
    return np.array(shares)


# %% ex2-3 | use the other's
def thinned_step(record, visit_draw, discovery_draw, keep_draw, rates):
    new = np.array(record, float)
    shares = new / new.sum()
    visited = 0 if visit_draw < shares[0] else 1
    if discovery_draw < rates[visited] and keep_draw < shares[visited]:  # its own share
        new[visited] += 1
    return new


# %% ex2-3 | not where the patrol goes
def thinned_step(record, visit_draw, discovery_draw, keep_draw, rates):
    new = np.array(record, float)
    shares = new / new.sum()
    visited = 0 if visit_draw < 1 - shares[0] else 1  # the correction on the visit
    if discovery_draw < rates[visited]:
        new[visited] += 1
    return new


# %% ex2-3 | nothing discovered, nothing to keep
def thinned_step(record, visit_draw, discovery_draw, keep_draw, rates):
    new = np.array(record, float)
    shares = new / new.sum()
    visited = 0 if visit_draw < shares[0] else 1
    if keep_draw < shares[1 - visited]:  # forgot the discovery
        new[visited] += 1
    return new


# %% ex2-4 | a discovery needs a visit
def expected_gain(share_a, rates, reports=(0, 0), corrected=False):
    return np.array(rates) + np.array(reports)


# %% ex2-4 | you used its own
def expected_gain(share_a, rates, reports=(0, 0), corrected=False):
    visited = np.array([share_a, 1 - share_a])
    discovered = visited * np.array(rates)
    if corrected:
        discovered = discovered * visited
    return discovered + np.array(reports)


# %% ex2-4 | reports do not wait for a patrol
def expected_gain(share_a, rates, reports=(0, 0), corrected=False):
    visited = np.array([share_a, 1 - share_a])
    gain = visited * (np.array(rates) + np.array(reports))  # reported only when visited
    if corrected:
        gain = gain * visited[::-1]
    return gain


# %% ex2-4 | thin the discoveries only
def expected_gain(share_a, rates, reports=(0, 0), corrected=False):
    visited = np.array([share_a, 1 - share_a])
    gain = visited * np.array(rates) + np.array(reports)
    if corrected:
        gain = gain * visited[::-1]
    return gain


# %% ex2-5 | take the last day, all runs
def excess(shares, fair=0.5):
    final = shares[:, -1] - fair  # all days of the last run
    half = 1.96 * final.std(ddof=1) / np.sqrt(len(final))
    p5, p95 = np.percentile(final, [5, 95])
    mean = final.mean()
    return {"mean": mean, "low": mean - half, "high": mean + half, "p5": p5, "p95": p95}


# %% ex2-5 | that is the spread of the runs
def excess(shares, fair=0.5):
    final = shares[-1] - fair
    half = 1.96 * final.std(ddof=1)  # deviation, not the standard error
    p5, p95 = np.percentile(final, [5, 95])
    mean = final.mean()
    return {"mean": mean, "low": mean - half, "high": mean + half, "p5": p5, "p95": p95}


# %% ex2-5 | takes percent
def excess(shares, fair=0.5):
    final = shares[-1] - fair
    half = 1.96 * final.std(ddof=1) / np.sqrt(len(final))
    p5, p95 = np.percentile(final, [0.05, 0.95])
    mean = final.mean()
    return {"mean": mean, "low": mean - half, "high": mean + half, "p5": p5, "p95": p95}


# %% ex2-5 | subtract the fair share
def excess(shares, fair=0.5):
    final = shares[-1]
    half = 1.96 * final.std(ddof=1) / np.sqrt(len(final))
    p5, p95 = np.percentile(final, [5, 95])
    mean = final.mean()
    return {"mean": mean, "low": mean - half, "high": mean + half, "p5": p5, "p95": p95}
