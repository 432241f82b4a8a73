# %% ex1-1 | the axes are swapped
def hour_by_weekday(times):
    clock = times.dt.tz_convert("America/Chicago")
    counts = pd.crosstab(clock.dt.hour, clock.dt.day_name())
    return counts.reindex(index=range(24), columns=DAYS, fill_value=0)


# %% ex1-1 | these are still UTC hours
def hour_by_weekday(times):
    counts = pd.crosstab(times.dt.day_name(), times.dt.hour)
    return counts.reindex(index=DAYS, columns=range(24), fill_value=0)


# %% ex1-1 | convert to the zone, do not subtract 6
def hour_by_weekday(times):
    clock = times - pd.Timedelta(hours=6)
    counts = pd.crosstab(clock.dt.day_name(), clock.dt.hour)
    return counts.reindex(index=DAYS, columns=range(24), fill_value=0)


# %% ex1-1 | the hour is local but the weekday is not
def hour_by_weekday(times):
    clock = times.dt.tz_convert("America/Chicago")
    counts = pd.crosstab(times.dt.day_name(), clock.dt.hour)
    return counts.reindex(index=DAYS, columns=range(24), fill_value=0)


# %% ex1-1 | hours or days without a stop are missing
def hour_by_weekday(times):
    clock = times.dt.tz_convert("America/Chicago")
    return pd.crosstab(clock.dt.day_name(), clock.dt.hour)


# %% ex1-1 | Monday first
def hour_by_weekday(times):
    clock = times.dt.tz_convert("America/Chicago")
    counts = pd.crosstab(clock.dt.day_name(), clock.dt.hour)
    return counts.reindex(index=sorted(DAYS), columns=range(24), fill_value=0)


# %% ex1-2 | divide each hill by the bandwidth in km
def street_density(points_km, at_km, bandwidth_m):
    z = (np.asarray(at_km) - np.asarray(points_km)[:, None]) / (bandwidth_m / 1000)
    return (np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)).sum(axis=0)


# %% ex1-2 | divide each hill by the bandwidth in km
def street_density(points_km, at_km, bandwidth_m):
    z = (np.asarray(at_km) - np.asarray(points_km)[:, None]) / (bandwidth_m / 1000)
    return np.exp(-0.5 * z**2).sum(axis=0)


# %% ex1-2 | the bandwidth is in metres
def street_density(points_km, at_km, bandwidth_m):
    z = 1000 * (np.asarray(at_km) - np.asarray(points_km)[:, None]) / bandwidth_m
    return (np.exp(-0.5 * z**2) / (bandwidth_m * np.sqrt(2 * np.pi))).sum(axis=0)


# %% ex1-2 | the bandwidth is in metres
def street_density(points_km, at_km, bandwidth_m):
    z = (np.asarray(at_km) - np.asarray(points_km)[:, None]) / bandwidth_m
    return (np.exp(-0.5 * z**2) / (bandwidth_m * np.sqrt(2 * np.pi))).sum(axis=0)


# %% ex1-2 | do not average them
def street_density(points_km, at_km, bandwidth_m):
    h = bandwidth_m / 1000
    z = (np.asarray(at_km) - np.asarray(points_km)[:, None]) / h
    return (np.exp(-0.5 * z**2) / (h * np.sqrt(2 * np.pi))).mean(axis=0)


# %% ex1-2 | sum over the stops, not over the places
def street_density(points_km, at_km, bandwidth_m):
    h = bandwidth_m / 1000
    z = (np.asarray(at_km) - np.asarray(points_km)[:, None]) / h
    return (np.exp(-0.5 * z**2) / (h * np.sqrt(2 * np.pi))).sum(axis=1)


# %% ex1-2 | divide by the root of 2 pi
def street_density(points_km, at_km, bandwidth_m):
    h = bandwidth_m / 1000
    z = (np.asarray(at_km) - np.asarray(points_km)[:, None]) / h
    return (np.exp(-0.5 * z**2) / h).sum(axis=0)


# %% ex1-3 | PAI is upside down
def mark_and_measure(score, later, inside, share):
    k = round(share * inside.sum())
    marked = inside & (score >= np.sort(score[inside])[-k])
    hit = later[marked].sum() / later[inside].sum()
    return hit, (marked.sum() / inside.sum()) / hit


# %% ex1-3 | it is a share
def mark_and_measure(score, later, inside, share):
    k = round(share * inside.sum())
    marked = inside & (score >= np.sort(score[inside])[-k])
    hit = 100 * later[marked].sum() / later[inside].sum()
    return hit, hit / (100 * marked.sum() / inside.sum())


# %% ex1-3 | rank the cells inside the city only
def mark_and_measure(score, later, inside, share):
    k = round(share * score.size)
    marked = score >= np.sort(score.ravel())[-k]
    hit = later[marked].sum() / later.sum()
    return hit, hit / share


# %% ex1-3 | take the share of the city's cells, not of the array
def mark_and_measure(score, later, inside, share):
    k = round(share * score.size)
    marked = inside & (score >= np.sort(score[inside])[-k])
    hit = later[marked].sum() / later.sum()
    return hit, hit / marked.mean()


# %% ex1-3 | those are the lowest scores
def mark_and_measure(score, later, inside, share):
    k = round(share * inside.sum())
    marked = inside & (score <= np.sort(score[inside])[k - 1])
    hit = later[marked].sum() / later[inside].sum()
    return hit, hit / (marked.sum() / inside.sum())


# %% ex1-3 | not of the array
def mark_and_measure(score, later, inside, share):
    k = round(share * inside.sum())
    marked = inside & (score >= np.sort(score[inside])[-k])
    hit = later[marked].sum() / later[inside].sum()
    return hit, hit / marked.mean()


# %% ex1-4 | the map saw the future
def backtest(stops, grid, day, share):
    later = stops[stops["time"] >= day]
    marked = top_cells(
        grid.count(stops["latitude"], stops["longitude"]), share, grid.inside
    )
    return hit_rate(marked, grid.count(later["latitude"], later["longitude"]))


# %% ex1-4 | not on all of them
def backtest(stops, grid, day, share):
    before = stops[stops["time"] < day]
    marked = top_cells(
        grid.count(before["latitude"], before["longitude"]), share, grid.inside
    )
    return hit_rate(marked, grid.count(stops["latitude"], stops["longitude"]))


# %% ex1-4 | that is the hit rate on the past
def backtest(stops, grid, day, share):
    before = stops[stops["time"] < day]
    past = grid.count(before["latitude"], before["longitude"])
    return hit_rate(top_cells(past, share, grid.inside), past)


# %% ex1-4 | must not be known to the map
def backtest(stops, grid, day, share):
    before, later = stops[stops["time"] <= day], stops[stops["time"] >= day]
    marked = top_cells(
        grid.count(before["latitude"], before["longitude"]), share, grid.inside
    )
    return hit_rate(marked, grid.count(later["latitude"], later["longitude"]))


# %% ex1-4 | belongs to the later stops
def backtest(stops, grid, day, share):
    before, later = stops[stops["time"] < day], stops[stops["time"] > day]
    marked = top_cells(
        grid.count(before["latitude"], before["longitude"]), share, grid.inside
    )
    return hit_rate(marked, grid.count(later["latitude"], later["longitude"]))


# %% ex1-4 | return a share
def backtest(stops, grid, day, share):
    before, later = stops[stops["time"] < day], stops[stops["time"] >= day]
    marked = top_cells(
        grid.count(before["latitude"], before["longitude"]), share, grid.inside
    )
    return 100 * hit_rate(marked, grid.count(later["latitude"], later["longitude"]))


# %% ex1-5 | East African residents are counted as Black
def stops_per_1000(stops, homes):
    counted = stops[stops["neighbourhood"].isin(homes["neighbourhood"])]
    n = np.array([counted["race"].eq("Black").sum(), counted["race"].eq("White").sum()])
    residents = homes["population"].to_numpy() @ homes[["black", "white"]].to_numpy()
    low, high = confint_poisson(n, residents / 1000, method="exact-c")
    columns = {"n": n, "residents": residents, "rate": 1000 * n / residents}
    return pd.DataFrame(
        columns | {"low": low, "high": high}, index=["Black or East African", "White"]
    )


# %% ex1-5 | leave its stops out of the numerator too
def stops_per_1000(stops, homes):
    race = stops["race"]
    n = np.array([race.isin(["Black", "East African"]).sum(), race.eq("White").sum()])
    residents = homes["population"].to_numpy() @ homes[["black", "white"]].to_numpy()
    low, high = confint_poisson(n, residents / 1000, method="exact-c")
    columns = {"n": n, "residents": residents, "rate": 1000 * n / residents}
    return pd.DataFrame(
        columns | {"low": low, "high": high}, index=["Black or East African", "White"]
    )


# %% ex1-5 | you divided by stops
def stops_per_1000(stops, homes):
    counted = stops[stops["neighbourhood"].isin(homes["neighbourhood"])]
    race = counted["race"]
    n = np.array([race.isin(["Black", "East African"]).sum(), race.eq("White").sum()])
    residents = homes["population"].to_numpy() @ homes[["black", "white"]].to_numpy()
    low, high = confint_poisson(n, len(counted) / 1000, method="exact-c")
    columns = {"n": n, "residents": residents, "rate": 1000 * n / len(counted)}
    return pd.DataFrame(
        columns | {"low": low, "high": high}, index=["Black or East African", "White"]
    )


# %% ex1-5 | divide by the group's residents
def stops_per_1000(stops, homes):
    counted = stops[stops["neighbourhood"].isin(homes["neighbourhood"])]
    race = counted["race"]
    n = np.array([race.isin(["Black", "East African"]).sum(), race.eq("White").sum()])
    residents = homes["population"].to_numpy() @ homes[["black", "white"]].to_numpy()
    everybody = homes["population"].sum()
    low, high = confint_poisson(n, everybody / 1000, method="exact-c")
    columns = {"n": n, "residents": residents, "rate": 1000 * n / everybody}
    return pd.DataFrame(
        columns | {"low": low, "high": high}, index=["Black or East African", "White"]
    )


# %% ex1-5 | weight each share by its population
def stops_per_1000(stops, homes):
    counted = stops[stops["neighbourhood"].isin(homes["neighbourhood"])]
    race = counted["race"]
    n = np.array([race.isin(["Black", "East African"]).sum(), race.eq("White").sum()])
    residents = homes["population"].sum() * homes[["black", "white"]].mean().to_numpy()
    low, high = confint_poisson(n, residents / 1000, method="exact-c")
    columns = {"n": n, "residents": residents, "rate": 1000 * n / residents}
    return pd.DataFrame(
        columns | {"low": low, "high": high}, index=["Black or East African", "White"]
    )


# %% ex1-5 | give it per 1,000 residents as well
def stops_per_1000(stops, homes):
    counted = stops[stops["neighbourhood"].isin(homes["neighbourhood"])]
    race = counted["race"]
    n = np.array([race.isin(["Black", "East African"]).sum(), race.eq("White").sum()])
    residents = homes["population"].to_numpy() @ homes[["black", "white"]].to_numpy()
    low, high = confint_poisson(n, residents, method="exact-c")
    columns = {"n": n, "residents": residents, "rate": 1000 * n / residents}
    return pd.DataFrame(
        columns | {"low": low, "high": high}, index=["Black or East African", "White"]
    )
