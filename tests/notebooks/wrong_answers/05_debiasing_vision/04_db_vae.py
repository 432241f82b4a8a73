"""Typical wrong answers for Lab 4; each must fail its exercise's checks with the message named."""


# %% ex4-1 | the mask is on the wrong term
def masked_loss(entropy, error, divergence, face, kl_weight):
    return float(np.mean(entropy * face + error + kl_weight * divergence))


# %% ex4-1 | no mask
def masked_loss(entropy, error, divergence, face, kl_weight):
    return float(np.mean(entropy + error + kl_weight * divergence))


# %% ex4-1 | not-faces do not teach the classifier at all
def masked_loss(entropy, error, divergence, face, kl_weight):
    return float(np.mean(face * (entropy + error + kl_weight * divergence)))


# %% ex4-1 | the divergence of not-faces counts too
def masked_loss(entropy, error, divergence, face, kl_weight):
    return float(np.mean(entropy + face * error + kl_weight * divergence))


# %% ex4-1 | you forgot kl_weight
def masked_loss(entropy, error, divergence, face, kl_weight):
    return float(np.mean(entropy + face * (error + divergence)))


# %% ex4-1 | divided the faces' part by the faces only
def masked_loss(entropy, error, divergence, face, kl_weight):
    own = (face * (error + kl_weight * divergence)).sum() / face.sum()
    return float(np.mean(entropy) + own)


# %% ex4-1 | one number for the batch
def masked_loss(entropy, error, divergence, face, kl_weight):
    return entropy + face * (error + kl_weight * divergence)


# %% ex4-2 | these are counts
def one_latent(values, alpha, bins):
    counts, edges = np.histogram(values, bins)
    weight = 1 / (counts[np.digitize(values, edges[1:-1])] + alpha)
    return weight / weight.sum()


# %% ex4-2 | upside down
def one_latent(values, alpha, bins):
    counts, edges = np.histogram(values, bins)
    weight = counts[np.digitize(values, edges[1:-1])] / len(values) + alpha
    return weight / weight.sum()


# %% ex4-2 | where is alpha
def one_latent(values, alpha, bins):
    counts, edges = np.histogram(values, bins)
    weight = len(values) / counts[np.digitize(values, edges[1:-1])]
    return weight / weight.sum()


# %% ex4-2 | these are densities
def one_latent(values, alpha, bins):
    density, edges = np.histogram(values, bins, density=True)
    weight = 1 / (density[np.digitize(values, edges[1:-1])] + alpha)
    return weight / weight.sum()


# %% ex4-2 | the bins are shifted by one
def one_latent(values, alpha, bins):
    counts, edges = np.histogram(values, bins)
    place = np.clip(np.digitize(values, edges), 0, bins - 1)
    weight = 1 / (counts[place] / len(values) + alpha)
    return weight / weight.sum()


# %% ex4-2 | one number for each face (not for each bin)
def one_latent(values, alpha, bins):
    counts, edges = np.histogram(values, bins)
    weight = 1 / (counts / len(values) + alpha)
    return weight / weight.sum()


# %% ex4-2 | divide by the sum: probabilities make 1
def one_latent(values, alpha, bins):
    counts, edges = np.histogram(values, bins)
    return 1 / (counts[np.digitize(values, edges[1:-1])] / len(values) + alpha)


# %% ex4-2 | the largest of the latents
def one_latent(values, alpha, bins):
    counts, edges = np.histogram(values, bins)
    weight = 1 / (counts[np.digitize(values, edges[1:-1])] / len(values) + alpha)
    return weight / weight.sum()


def several_latents(codes, alpha, bins):
    weight = np.max([one_latent(c, alpha, bins) for c in codes.T], axis=0)
    return weight / weight.sum()


# %% ex4-2 | you added or averaged the latents
def one_latent(values, alpha, bins):
    counts, edges = np.histogram(values, bins)
    weight = 1 / (counts[np.digitize(values, edges[1:-1])] / len(values) + alpha)
    return weight / weight.sum()


def several_latents(codes, alpha, bins):
    return np.mean([one_latent(c, alpha, bins) for c in codes.T], axis=0)


# %% ex4-2 | divide by the sum once more
def one_latent(values, alpha, bins):
    counts, edges = np.histogram(values, bins)
    weight = 1 / (counts[np.digitize(values, edges[1:-1])] / len(values) + alpha)
    return weight / weight.sum()


def several_latents(codes, alpha, bins):
    return np.prod([one_latent(c, alpha, bins) for c in codes.T], axis=0)


# %% ex4-2 | alpha belongs to each latent's share
def one_latent(values, alpha, bins):
    counts, edges = np.histogram(values, bins)
    weight = 1 / (counts[np.digitize(values, edges[1:-1])] / len(values) + alpha)
    return weight / weight.sum()


def several_latents(codes, alpha, bins):
    share = 1.0
    for values in codes.T:
        counts, edges = np.histogram(values, bins)
        share = share * counts[np.digitize(values, edges[1:-1])] / len(values)
    weight = 1 / (share + alpha)
    return weight / weight.sum()


# %% ex4-3 | turn it over
def effective(weights):
    return np.square(weights).sum()


# %% ex4-3 | square each weight BEFORE you add
def effective(weights):
    return 1 / np.sum(weights) ** 2


# %% ex4-3 | that is 1 / the largest weight
def effective(weights):
    return 1 / np.max(weights)


# %% ex4-3 | not a share of them
def effective(weights):
    return 1 / np.square(weights).sum() / len(weights)


# %% ex4-3 | nothing has changed
def effective(weights):
    return 1 / np.square(weights).sum()


def tempered(weights, share, tempers):
    for temper in tempers:
        flat = weights / temper
        flat = flat / flat.sum()
        if effective(flat) >= share * len(flat):
            break
    return flat


# %% ex4-3 | compare with share x number of faces
def effective(weights):
    return 1 / np.square(weights).sum()


def tempered(weights, share, tempers):
    for temper in tempers:
        flat = weights ** (1 / temper)
        flat = flat / flat.sum()
        if effective(flat) >= share:
            break
    return flat


# %% ex4-3 | steeper instead of flatter
def effective(weights):
    return 1 / np.square(weights).sum()


def tempered(weights, share, tempers):
    for temper in tempers:
        flat = weights**temper
        flat = flat / flat.sum()
        if effective(flat) >= share * len(flat):
            break
    return flat


# %% ex4-3 | you used the last temper
def effective(weights):
    return 1 / np.square(weights).sum()


def tempered(weights, share, tempers):
    flat = weights ** (1 / tempers[-1])
    return flat / flat.sum()


# %% ex4-3 | divide by the sum after taking the root
def effective(weights):
    return 1 / np.square(weights).sum()


def tempered(weights, share, tempers):
    for temper in tempers:
        flat = weights ** (1 / temper)
        if effective(flat / flat.sum()) >= share * len(flat):
            break
    return flat


# %% ex4-3 | each root of the ORIGINAL weights
def effective(weights):
    return 1 / np.square(weights).sum()


def tempered(weights, share, tempers):
    for temper in tempers:
        weights = weights ** (1 / temper)
        weights = weights / weights.sum()
        if effective(weights) >= share * len(weights):
            break
    return weights


# %% ex4-4 | the channels are still blue, green, red
def prepare(stored):
    if stored.dtype != np.uint8:
        raise ValueError(f"not uint8: {stored.dtype}")
    return stored.astype(np.float32) / 255


# %% ex4-4 | still from 0 to 255
def prepare(stored):
    if stored.dtype != np.uint8:
        raise ValueError(f"not uint8: {stored.dtype}")
    return stored[..., ::-1].astype(np.float32)


# %% ex4-4 | you turned the picture over
def prepare(stored):
    if stored.dtype != np.uint8:
        raise ValueError(f"not uint8: {stored.dtype}")
    return stored[:, :, ::-1, ::-1].astype(np.float32) / 255


# %% ex4-4 | must raise a ValueError
def prepare(stored):
    return stored[..., ::-1].astype(np.float32) / 255


# %% ex4-4 | whole, not uint8 must raise a ValueError
def prepare(stored):
    if stored.max() <= 1:
        raise ValueError("prepared already")
    return stored[..., ::-1].astype(np.float32) / 255


# %% ex4-4 | float32, as the network's weights are
def prepare(stored):
    if stored.dtype != np.uint8:
        raise ValueError(f"not uint8: {stored.dtype}")
    return stored[..., ::-1] / 255


# %% ex4-5 | a mean probability is not an accuracy
def accuracy_by_group(probability, group):
    return pd.Series(np.asarray(probability)).groupby(np.asarray(group)).mean()


# %% ex4-5 | that is a count
def accuracy_by_group(probability, group):
    return pd.Series(np.asarray(probability) > 0.5).groupby(np.asarray(group)).sum()


# %% ex4-5 | one number for each group
def accuracy_by_group(probability, group):
    return pd.Series({"all": np.mean(np.asarray(probability) > 0.5)})


# %% ex4-5 | not-faces got in
def gaps(runs):
    share = (runs["found"] / runs["n"]).groupby([runs["variant"], runs["seed"]])
    return share.agg(np.ptp).unstack("seed")


# %% ex4-5 | counts or per cent
def gaps(runs):
    faces = runs[runs["rate"] == "TPR"]
    return faces.groupby(["variant", "seed"])["found"].agg(np.ptp).unstack("seed")


# %% ex4-5 | a gap is never negative
def gaps(runs):
    faces = runs[runs["rate"] == "TPR"].assign(tpr=lambda f: f["found"] / f["n"])
    by = faces.pivot_table(index=["variant", "seed"], columns="group", values="tpr")
    return (by["LF"] - by["DF"]).unstack("seed")


# %% ex4-5 | the gap belongs to ONE network
def gaps(runs):
    faces = runs[runs["rate"] == "TPR"].assign(tpr=lambda f: f["found"] / f["n"])
    by = faces.pivot_table(index="variant", columns="group", values="tpr")
    gap = by.max(axis=1) - by.min(axis=1)
    return pd.DataFrame({seed: gap for seed in faces["seed"].unique()})


# %% ex4-5 | in points
def worst_loss(runs, variant):
    faces = runs[runs["rate"] == "TPR"]
    tpr = (faces["found"] / faces["n"]).groupby([faces["variant"], faces["group"]])
    mean = tpr.mean().unstack("group")
    return float((mean.loc["classifier"] - mean.loc[variant]).max())


# %% ex4-5 | the sign is turned
def worst_loss(runs, variant):
    faces = runs[runs["rate"] == "TPR"]
    tpr = (faces["found"] / faces["n"]).groupby([faces["variant"], faces["group"]])
    mean = tpr.mean().unstack("group")
    return float(100 * (mean.loc[variant] - mean.loc["classifier"]).max())


# %% ex4-5 | largest GAIN
def worst_loss(runs, variant):
    faces = runs[runs["rate"] == "TPR"]
    tpr = (faces["found"] / faces["n"]).groupby([faces["variant"], faces["group"]])
    mean = tpr.mean().unstack("group")
    return float(100 * (mean.loc["classifier"] - mean.loc[variant]).min())


# %% ex4-5 | the mean over the groups hides who lost
def worst_loss(runs, variant):
    faces = runs[runs["rate"] == "TPR"]
    tpr = (faces["found"] / faces["n"]).groupby([faces["variant"], faces["group"]])
    mean = tpr.mean().unstack("group")
    return float(100 * (mean.loc["classifier"] - mean.loc[variant]).mean())


# %% ex4-5 | a face at exactly 0.5 is not found
def accuracy_by_group(probability, group):
    return pd.Series(np.asarray(probability) >= 0.5).groupby(np.asarray(group)).mean()


# %% ex4-5 | averaged, not pooled
def worst_loss(runs, variant):
    faces = runs[runs["rate"] == "TPR"]
    sums = faces.groupby(["variant", "group"])[["found", "n"]].sum()
    mean = (sums["found"] / sums["n"]).unstack("group")
    return float(100 * (mean.loc["classifier"] - mean.loc[variant]).max())


# %% ex4-5 | keep the rows with rate TPR
def worst_loss(runs, variant):
    share = (runs["found"] / runs["n"]).groupby([runs["variant"], runs["group"]])
    mean = share.mean().unstack("group")
    return float(100 * (mean.loc["classifier"] - mean.loc[variant]).max())


# %% ex4-5 | not cut off at 0
def worst_loss(runs, variant):
    faces = runs[runs["rate"] == "TPR"]
    tpr = (faces["found"] / faces["n"]).groupby([faces["variant"], faces["group"]])
    mean = tpr.mean().unstack("group")
    loss = 100 * (mean.loc["classifier"] - mean.loc[variant]).max()
    return max(float(loss), 0.0)
