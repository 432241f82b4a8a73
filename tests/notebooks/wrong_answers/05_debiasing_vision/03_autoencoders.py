"""Typical wrong answers for Lab 3; each must fail its exercise's checks with the message named."""


# %% ex3-1 | you forgot the half
def divergences(mean, log_variance):
    return (np.exp(log_variance) + mean**2 - 1 - log_variance).sum(axis=1)


# %% ex3-1 | the mean over the latents
def divergences(mean, log_variance):
    return (np.exp(log_variance) + mean**2 - 1 - log_variance).mean(axis=1) / 2


# %% ex3-1 | used the log variance as if it were the variance
def divergences(mean, log_variance):
    return (log_variance + mean**2 - log_variance).sum(axis=1) / 2


# %% ex3-1 | you take the logarithm of what is a log variance already
def divergences(mean, log_variance):
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = log_variance + mean**2 - 1 - np.log(log_variance)
    return terms.sum(axis=1) / 2


# %% ex3-1 | as the log of the standard deviation
def divergences(mean, log_variance):
    terms = np.exp(log_variance) ** 2 + mean**2 - 1 - 2 * log_variance
    return terms.sum(axis=1) / 2


# %% ex3-1 | sum over the latents only
def divergences(mean, log_variance):
    return (np.exp(log_variance) + mean**2 - 1 - log_variance).sum() / 2


# %% ex3-1 | a divergence is never negative
def divergences(mean, log_variance):
    return (1 + log_variance - mean**2 - np.exp(log_variance)).sum(axis=1) / 2


# %% ex3-2 | too wide
def draw(mean, log_variance, noise):
    return mean + np.exp(log_variance) * noise


# %% ex3-2 | the noise is not used
def draw(mean, log_variance, noise):
    return mean


# %% ex3-2 | one noise for all latents
def draw(mean, log_variance, noise):
    return mean + np.exp(log_variance / 2) * noise[:, :1]


# %% ex3-2 | undo the logarithm
def draw(mean, log_variance, noise):
    return mean + log_variance * noise


# %% ex3-2 | use the noise you are given
def draw(mean, log_variance, noise):
    return np.random.normal(mean, np.exp(log_variance / 2))


# %% ex3-3 | the second end is missing
def between(first, second, steps, decode):
    return decode(np.linspace(first, second, steps, endpoint=False))


# %% ex3-3 | the first end is missing
def between(first, second, steps, decode):
    return decode(np.linspace(first, second, steps + 2)[1:-1])


# %% ex3-3 | swapped
def between(first, second, steps, decode):
    share = np.linspace(0, 1, steps)[:, None]
    return decode(share * first + (1 - share) * second)


# %% ex3-3 | you mixed the pictures
def between(first, second, steps, decode):
    start, end = decode(np.stack([first, second]))
    return np.linspace(start, end, steps)


# %% ex3-3 | ends included
def between(first, second, steps, decode):
    return decode(np.linspace(first, second, steps + 1))


# %% ex3-3 | return the pictures
def between(first, second, steps, decode):
    return np.linspace(first, second, steps)


# %% ex3-3 | decode wants codes of shape (k, latents)
def between(first, second, steps, decode):
    return np.stack([decode(code) for code in np.linspace(first, second, steps)])


# %% ex3-3 | these are uniform
def invented(n, latents, decode, rng):
    return decode(rng.random((n, latents)))


# %% ex3-3 | one number for all latents
def invented(n, latents, decode, rng):
    return decode(np.repeat(rng.normal(size=(n, 1)), latents, axis=1))


# %% ex3-3 | the same code for every picture
def invented(n, latents, decode, rng):
    return decode(np.tile(rng.normal(size=latents), (n, 1)))


# %% ex3-3 | draw with rng
def invented(n, latents, decode, rng):
    return decode(np.random.normal(size=(n, latents)))


# %% ex3-4 | squared errors
def error_by_group(images, rebuilt, group, z=1.96):
    error = pd.Series(np.square(images - rebuilt).mean(axis=(1, 2, 3)))
    table = error.groupby(np.asarray(group)).agg(["size", "mean", "sem"])
    table = table.loc[["LF", "LM", "DF", "DM"]].rename(columns={"size": "n"})
    half = z * table.pop("sem")
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)


# %% ex3-4 | that is z standard deviations
def error_by_group(images, rebuilt, group, z=1.96):
    error = pd.Series(np.abs(images - rebuilt).mean(axis=(1, 2, 3)))
    table = error.groupby(np.asarray(group)).agg(["size", "mean", "std"])
    table = table.loc[["LF", "LM", "DF", "DM"]].rename(columns={"size": "n"})
    half = z * table.pop("std")
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)


# %% ex3-4 | take the absolute value BEFORE the mean
def error_by_group(images, rebuilt, group, z=1.96):
    error = pd.Series(np.abs((images - rebuilt).mean(axis=(1, 2, 3))))
    table = error.groupby(np.asarray(group)).agg(["size", "mean", "sem"])
    table = table.loc[["LF", "LM", "DF", "DM"]].rename(columns={"size": "n"})
    half = z * table.pop("sem")
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)


# %% ex3-4 | that is the alphabet's order
def error_by_group(images, rebuilt, group, z=1.96):
    error = pd.Series(np.abs(images - rebuilt).mean(axis=(1, 2, 3)))
    table = error.groupby(np.asarray(group)).agg(["size", "mean", "sem"])
    table = table.rename(columns={"size": "n"})
    half = z * table.pop("sem")
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)


# %% ex3-4 | n counts pictures, not pixels
def error_by_group(images, rebuilt, group, z=1.96):
    error = np.abs(images - rebuilt).reshape(len(images), -1)
    names = np.repeat(np.asarray(group), error.shape[1])
    table = pd.Series(error.ravel()).groupby(names).agg(["size", "mean", "sem"])
    table = table.loc[["LF", "LM", "DF", "DM"]].rename(columns={"size": "n"})
    half = z * table.pop("sem")
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)


# %% ex3-4 | the rows' names were moved
def error_by_group(images, rebuilt, group, z=1.96):
    error = pd.Series(np.abs(images - rebuilt).mean(axis=(1, 2, 3)))
    table = error.groupby(np.asarray(group), sort=False)
    table = table.agg(["size", "mean", "sem"]).sort_index()
    table = table.rename(columns={"size": "n"})
    table.index = ["LF", "LM", "DF", "DM"]
    half = z * table.pop("sem")
    return table.assign(low=table["mean"] - half, high=table["mean"] + half)
