# %% ex2-1 | leave rows with face 0 out
def found_rates(table, z=1.96):
    groups = table.groupby("group")["found"]
    n, p = groups.size(), groups.mean()
    shrink = 1 + z**2 / n
    centre = (p + z**2 / (2 * n)) / shrink
    half = z / shrink * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return pd.DataFrame(
        {"n": n, "rate": p, "low": centre - half, "high": centre + half}
    )


# %% ex2-1 | this looks like a percentage
def found_rates(table, z=1.96):
    faces = table[table["face"] == 1].groupby("group")["found"]
    n, p = faces.size(), faces.mean()
    low, high = proportion_confint(faces.sum(), n, method="wilson")
    return pd.DataFrame({"n": n, "rate": 100 * p, "low": 100 * low, "high": 100 * high})


# %% ex2-1 | divide by the group's faces, not by all
def found_rates(table, z=1.96):
    faces = table[table["face"] == 1]
    found = faces.groupby("group")["found"].sum()
    n = len(faces)
    low, high = proportion_confint(found, n, method="wilson")
    return pd.DataFrame({"n": n, "rate": found / n, "low": low, "high": high})


# %% ex2-1 | not Wilson's
def found_rates(table, z=1.96):
    faces = table[table["face"] == 1].groupby("group")["found"]
    n, p = faces.size(), faces.mean()
    half = z * np.sqrt(p * (1 - p) / n)
    return pd.DataFrame({"n": n, "rate": p, "low": p - half, "high": p + half})


# %% ex2-1 | the argument z is not used
def found_rates(table, z=1.96):
    faces = table[table["face"] == 1].groupby("group")["found"]
    n, p = faces.size(), faces.mean()
    low, high = proportion_confint(faces.sum(), n, method="wilson")
    return pd.DataFrame({"n": n, "rate": p, "low": low, "high": high})


# %% ex2-2 | the third gap comes from the margins
def three_gaps(table):
    faces = table[table["face"] == 1]
    margins = [
        faces.groupby(by)["found"].mean().agg(np.ptp) for by in ("skin", "presentation")
    ]
    return margins[0], margins[1], max(margins)


# %% ex2-2 | keep the faces only
def three_gaps(table):
    gaps = []
    for by in ("skin", "presentation", ["skin", "presentation"]):
        rates = table.groupby(by)["found"].mean()
        gaps.append(rates.max() - rates.min())
    return tuple(gaps)


# %% ex2-2 | a margin is no mean of group rates
def three_gaps(table):
    faces = table[table["face"] == 1]
    rates = faces.groupby(["skin", "presentation"])["found"].mean()
    gaps = [
        rates.groupby(by).mean().agg(lambda r: r.max() - r.min())
        for by in ("skin", "presentation")
    ]
    return gaps[0], gaps[1], rates.max() - rates.min()


# %% ex2-2 | right numbers, wrong order
def three_gaps(table):
    faces = table[table["face"] == 1]
    gaps = []
    for by in ("presentation", "skin", ["skin", "presentation"]):
        rates = faces.groupby(by)["found"].mean()
        gaps.append(rates.max() - rates.min())
    return tuple(gaps)


# %% ex2-2 | whichever side is ahead
def three_gaps(table):
    faces = table[table["face"] == 1]
    skin = faces.groupby("skin")["found"].mean()
    presentation = faces.groupby("presentation")["found"].mean()
    crossed = faces.groupby(["skin", "presentation"])["found"].mean()
    return (
        skin["lighter"] - skin["darker"],
        presentation["feminine"] - presentation["masculine"],
        crossed.max() - crossed.min(),
    )


# %% ex2-3 | the share is right only on average
def skewed_rows(skin, n, lighter_share, seed):
    rng = np.random.default_rng(seed)
    skin = np.asarray(skin)
    counts = {name: (skin == name).sum() for name in ("lighter", "darker")}
    shares = {"lighter": lighter_share, "darker": 1 - lighter_share}
    p = np.array([shares[name] / counts[name] for name in skin])
    return rng.choice(len(skin), n, replace=False, p=p / p.sum())


# %% ex2-3 | the share is swapped
def skewed_rows(skin, n, lighter_share, seed):
    rng = np.random.default_rng(seed)
    darker = round(n * lighter_share)
    rows = [
        rng.choice(np.flatnonzero(skin == name), count, replace=False)
        for name, count in (("darker", darker), ("lighter", n - darker))
    ]
    return rng.permutation(np.concatenate(rows))


# %% ex2-3 | draw without replacement
def skewed_rows(skin, n, lighter_share, seed):
    rng = np.random.default_rng(seed)
    lighter = round(n * lighter_share)
    rows = [
        rng.choice(np.flatnonzero(skin == name), count)
        for name, count in (("lighter", lighter), ("darker", n - lighter))
    ]
    return rng.permutation(np.concatenate(rows))


# %% ex2-3 | mix the positions
def skewed_rows(skin, n, lighter_share, seed):
    rng = np.random.default_rng(seed)
    lighter = round(n * lighter_share)
    rows = [
        rng.choice(np.flatnonzero(skin == name), count, replace=False)
        for name, count in (("lighter", lighter), ("darker", n - lighter))
    ]
    return np.concatenate(rows)


# %% ex2-3 | one seed, two answers
def skewed_rows(skin, n, lighter_share, seed):
    rng = np.random.default_rng()
    lighter = round(n * lighter_share)
    rows = [
        rng.choice(np.flatnonzero(skin == name), count, replace=False)
        for name, count in (("lighter", lighter), ("darker", n - lighter))
    ]
    return rng.permutation(np.concatenate(rows))


# %% ex2-3 | round, do not cut off
def skewed_rows(skin, n, lighter_share, seed):
    rng = np.random.default_rng(seed)
    lighter = int(n * lighter_share)
    rows = [
        rng.choice(np.flatnonzero(skin == name), count, replace=False)
        for name, count in (("lighter", lighter), ("darker", n - lighter))
    ]
    return rng.permutation(np.concatenate(rows))


# %% ex2-3 | 60 darker of 50
def skewed_rows(skin, n, lighter_share, seed):
    rng = np.random.default_rng(seed)
    lighter = round(n * lighter_share)
    if (skin == "lighter").sum() < lighter:
        raise ValueError("too few lighter faces")
    rows = [
        rng.permutation(np.flatnonzero(skin == name))[:count]
        for name, count in (("lighter", lighter), ("darker", n - lighter))
    ]
    return rng.permutation(np.concatenate(rows))


# %% ex2-3 | 60 lighter of 50
def skewed_rows(skin, n, lighter_share, seed):
    rng = np.random.default_rng(seed)
    lighter = round(n * lighter_share)
    rows = [
        rng.permutation(np.flatnonzero(skin == name))[:count]
        for name, count in (("lighter", lighter), ("darker", n - lighter))
    ]
    return rng.permutation(np.concatenate(rows))


# %% ex2-3 | take turns
def skewed_rows(skin, n, lighter_share, seed):
    rng = np.random.default_rng(seed)
    lighter = round(n * lighter_share)
    first, second = (
        rng.choice(np.flatnonzero(skin == name), count, replace=False)
        for name, count in (("lighter", lighter), ("darker", n - lighter))
    )
    both = min(len(first), len(second))
    turns = np.column_stack([first[:both], second[:both]]).ravel()
    return np.concatenate([turns, first[both:], second[both:]])


# %% ex2-4 | pictures without a skin tone get no line
def own_lines(table, rate):
    lines = {}
    for skin, scores in table[table["face"] == 0].groupby("skin")["score"]:
        lines[skin] = float(np.sort(scores)[::-1][int(rate * len(scores))])
    return lines


# %% ex2-4 | one line for all
def own_lines(table, rate):
    scores = table.loc[(table["face"] == 0) & (table["skin"] != ""), "score"]
    line = float(np.sort(scores)[::-1][int(rate * len(scores))])
    return {"lighter": line, "darker": line}


# %% ex2-4 | these come from faces
def own_lines(table, rate):
    lines = {}
    for skin, scores in table[table["face"] == 1].groupby("skin")["score"]:
        lines[skin] = float(np.sort(scores)[int(rate * len(scores))])
    return lines


# %% ex2-4 | the wrong end
def own_lines(table, rate):
    kept = table[(table["face"] == 0) & (table["skin"] != "")]
    return kept.groupby("skin")["score"].quantile(rate).to_dict()


# %% ex2-4 | np.quantile goes between scores
def own_lines(table, rate):
    kept = table[(table["face"] == 0) & (table["skin"] != "")]
    return kept.groupby("skin")["score"].quantile(1 - rate).to_dict()


# %% ex2-4 | one place too high
def own_lines(table, rate):
    kept = table[(table["face"] == 0) & (table["skin"] != "")]
    return {
        skin: float(np.sort(scores)[::-1][int(rate * len(scores)) - 1])
        for skin, scores in kept.groupby("skin")["score"]
    }


# %% ex2-5 | the sign is swapped
def gap_interval(found_a, found_d, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    a, d = (rng.choice(f, (draws, len(f))).mean(axis=1) for f in (found_a, found_d))
    return tuple(np.percentile(d - a, [2.5, 97.5]))


# %% ex2-5 | no spread
def gap_interval(found_a, found_d, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    gaps = [
        rng.permutation(found_a).mean() - rng.permutation(found_d).mean()
        for _ in range(draws)
    ]
    return tuple(np.percentile(gaps, [2.5, 97.5]))


# %% ex2-5 | too narrow for 95 %
def gap_interval(found_a, found_d, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    a, d = (rng.choice(f, (draws, len(f))).mean(axis=1) for f in (found_a, found_d))
    return tuple(np.percentile(a - d, [5, 95]))


# %% ex2-5 | these look like percentages
def gap_interval(found_a, found_d, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    a, d = (rng.choice(f, (draws, len(f))).mean(axis=1) for f in (found_a, found_d))
    return tuple(100 * np.percentile(a - d, [2.5, 97.5]))


# %% ex2-5 | do not draw 400 of them
def gap_interval(found_a, found_d, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    n = max(len(found_a), len(found_d))
    a, d = (rng.choice(f, (draws, n)).mean(axis=1) for f in (found_a, found_d))
    return tuple(np.percentile(a - d, [2.5, 97.5]))


# %% ex2-5 | as EACH group has
def gap_interval(found_a, found_d, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    n = min(len(found_a), len(found_d))
    a, d = (rng.choice(f, (draws, n)).mean(axis=1) for f in (found_a, found_d))
    return tuple(np.percentile(a - d, [2.5, 97.5]))


# %% ex2-5 | as EACH group has
def gap_interval(found_a, found_d, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    n = len(found_d)
    a, d = (rng.choice(f, (draws, n)).mean(axis=1) for f in (found_a, found_d))
    return tuple(np.percentile(a - d, [2.5, 97.5]))


# %% ex2-5 | is the seed used
def gap_interval(found_a, found_d, draws=2000, seed=0):
    rng = np.random.default_rng(0)
    a, d = (rng.choice(f, (draws, len(f))).mean(axis=1) for f in (found_a, found_d))
    return tuple(np.percentile(a - d, [2.5, 97.5]))


# %% ex2-5 | one seed, two answers
def gap_interval(found_a, found_d, draws=2000, seed=0):
    rng = np.random.default_rng()
    a, d = (rng.choice(f, (draws, len(f))).mean(axis=1) for f in (found_a, found_d))
    return np.percentile(a - d, [2.5, 97.5])


# %% ex2-5 | one generator for both
def gap_interval(found_a, found_d, draws=2000, seed=0):
    a, d = (
        np.random.default_rng(seed).choice(f, (draws, len(f))).mean(axis=1)
        for f in (found_a, found_d)
    )
    return np.percentile(a - d, [2.5, 97.5])


# %% ex2-5 | cut off 2.5 % at each end
def gap_interval(found_a, found_d, draws=2000, seed=0):
    rng = np.random.default_rng(seed)
    a, d = (rng.choice(f, (draws, len(f))).mean(axis=1) for f in (found_a, found_d))
    return np.percentile(a - d, [0.5, 95.5])
