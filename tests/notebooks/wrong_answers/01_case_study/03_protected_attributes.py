"""Typical wrong answers for Lab 3; each must fail its exercise's checks with the message named."""


# %% ex3-1 | truth and predicted are swapped
def error_rates(truth, predicted):
    table = pd.crosstab(np.asarray(predicted), np.asarray(truth)).to_numpy()
    (tn, fp), (fn, tp) = table  # crosstab's rows are its first argument
    return {
        "fpr": fp / (fp + tn),
        "fnr": fn / (fn + tp),
        "ppv": tp / (tp + fp),
        "npv": tn / (tn + fn),
    }


# %% ex3-1 | it is a share of those not re-arrested
def error_rates(truth, predicted):
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    tp = ((truth == 1) & (predicted == 1)).sum()
    fp = ((truth == 0) & (predicted == 1)).sum()
    fn = ((truth == 1) & (predicted == 0)).sum()
    tn = ((truth == 0) & (predicted == 0)).sum()
    return {
        "fpr": fp / (fp + tp),
        "fnr": fn / (fn + tn),
        "ppv": tp / (tp + fp),
        "npv": tn / (tn + fn),
    }


# %% ex3-1 | percentages or counts
def error_rates(truth, predicted):
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    return {
        "fpr": 100 * predicted[truth == 0].mean(),
        "fnr": 100 * (1 - predicted[truth == 1].mean()),
        "ppv": 100 * truth[predicted == 1].mean(),
        "npv": 100 * (1 - truth[predicted == 0].mean()),
    }


# %% ex3-1 | your FPR is a share of everybody
def error_rates(truth, predicted):
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    return {
        "fpr": ((truth == 0) & (predicted == 1)).mean(),
        "fnr": ((truth == 1) & (predicted == 0)).mean(),
        "ppv": ((truth == 1) & (predicted == 1)).mean(),
        "npv": ((truth == 0) & (predicted == 0)).mean(),
    }


# %% ex3-2 | exactly 30 days is still within 30 days
def propublica_filter(frame):
    near = frame["days_b_screening_arrest"].abs() < 30
    known = frame["is_recid"] != -1
    return frame[
        near & known & (frame["charge_degree"] != "O") & frame["score_text"].notna()
    ]


# %% ex3-2 | a missing screening date must not pass
def propublica_filter(frame):
    far = frame["days_b_screening_arrest"].abs() > 30
    known = frame["is_recid"] != -1
    return frame[
        ~far & known & (frame["charge_degree"] != "O") & frame["score_text"].notna()
    ]


# %% ex3-2 | look at both sides
def propublica_filter(frame):
    near = frame["days_b_screening_arrest"] <= 30
    known = frame["is_recid"] != -1
    return frame[
        near & known & (frame["charge_degree"] != "O") & frame["score_text"].notna()
    ]


# %% ex3-2 | is_recid -1 means
def propublica_filter(frame):
    near = frame["days_b_screening_arrest"].between(-30, 30)
    return frame[
        near & frame["is_recid"].notna() & frame["charge_degree"].isin(["F", "M"])
    ]


# %% ex3-2 | every score text stay
def propublica_filter(frame):
    near = frame["days_b_screening_arrest"].between(-30, 30)
    known = frame["is_recid"] != -1
    high = frame["score_text"].isin(["Low", "High"])
    return frame[near & known & (frame["charge_degree"] != "O") & high]


# %% ex3-3 | the sign is swapped
def fpr_gap(truth, predicted, in_d, draws=1000, seed=0):
    random = np.random.default_rng(seed)
    d, a = predicted[(truth == 0) & in_d], predicted[(truth == 0) & ~in_d]
    drawn = [
        random.choice(a, a.size).mean() - random.choice(d, d.size).mean()
        for _ in range(draws)
    ]
    return a.mean() - d.mean(), *np.percentile(drawn, [2.5, 97.5])


# %% ex3-3 | your interval lies around zero
def fpr_gap(truth, predicted, in_d, draws=1000, seed=0):
    random = np.random.default_rng(seed)
    high, d = predicted[truth == 0], in_d[truth == 0]
    drawn = []
    for _ in range(draws):
        shuffled = random.permutation(d)
        drawn.append(high[shuffled].mean() - high[~shuffled].mean())
    return high[d].mean() - high[~d].mean(), *np.percentile(drawn, [2.5, 97.5])


# %% ex3-3 | plus and minus one standard deviation
def fpr_gap(truth, predicted, in_d, draws=1000, seed=0):
    random = np.random.default_rng(seed)
    d, a = predicted[(truth == 0) & in_d], predicted[(truth == 0) & ~in_d]
    drawn = [
        random.choice(d, d.size).mean() - random.choice(a, a.size).mean()
        for _ in range(draws)
    ]
    gap = d.mean() - a.mean()
    return gap, gap - np.std(drawn), gap + np.std(drawn)


# %% ex3-3 | the FPR looks only at people not re-arrested
def fpr_gap(truth, predicted, in_d, draws=1000, seed=0):
    random = np.random.default_rng(seed)
    d, a = predicted[in_d], predicted[~in_d]
    drawn = [
        random.choice(d, d.size).mean() - random.choice(a, a.size).mean()
        for _ in range(draws)
    ]
    return d.mean() - a.mean(), *np.percentile(drawn, [2.5, 97.5])


# %% ex3-3 | 90 % interval
def fpr_gap(truth, predicted, in_d, draws=1000, seed=0):
    random = np.random.default_rng(seed)
    d, a = predicted[(truth == 0) & in_d], predicted[(truth == 0) & ~in_d]
    drawn = [
        random.choice(d, d.size).mean() - random.choice(a, a.size).mean()
        for _ in range(draws)
    ]
    return d.mean() - a.mean(), *np.percentile(drawn, [5, 95])


# %% ex3-3 | two calls with one seed differ
def fpr_gap(truth, predicted, in_d, draws=1000, seed=0):
    d, a = predicted[(truth == 0) & in_d], predicted[(truth == 0) & ~in_d]
    drawn = []
    for _ in range(draws):
        random = np.random.default_rng()
        drawn.append(random.choice(d, d.size).mean() - random.choice(a, a.size).mean())
    return d.mean() - a.mean(), *np.percentile(drawn, [2.5, 97.5])


# %% ex3-4 | weigh it by 1 - base rate
def ppv_from(base_rate, fpr, fnr):
    return base_rate * (1 - fnr) / (base_rate * (1 - fnr) + fpr)


# %% ex3-4 | scored high are 1 - FNR
def ppv_from(base_rate, fpr, fnr):
    return base_rate * fnr / (base_rate * fnr + (1 - base_rate) * fpr)


# %% ex3-4 | that is 1 - PPV
def ppv_from(base_rate, fpr, fnr):
    wrong = (1 - base_rate) * fpr
    return wrong / (wrong + base_rate * (1 - fnr))


# %% ex3-5 | the rows were scored by a model that had seen them
def proxy_auc(frame, protected, value):
    target, others = frame[protected] == value, frame.drop(columns=protected)
    model = make_model().fit(others, target)
    return roc_auc_score(target, model.predict_proba(others)[:, 1])


# %% ex3-5 | race itself is still among the features
def proxy_auc(frame, protected, value):
    target = frame[protected] == value
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    unseen = cross_val_predict(
        make_model(), frame, target, cv=folds, method="predict_proba"
    )
    return roc_auc_score(target, unseen[:, 1])


# %% ex3-5 | the AUC needs probabilities
def proxy_auc(frame, protected, value):
    target, others = frame[protected] == value, frame.drop(columns=protected)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return roc_auc_score(
        target, cross_val_predict(make_model(), others, target, cv=folds)
    )


# %% ex3-5 | the second column
def proxy_auc(frame, protected, value):
    target, others = frame[protected] == value, frame.drop(columns=protected)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    unseen = cross_val_predict(
        make_model(), others, target, cv=folds, method="predict_proba"
    )
    return roc_auc_score(target, unseen[:, 0])
