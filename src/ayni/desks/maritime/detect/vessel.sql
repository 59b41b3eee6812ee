-- What each MMSI says it is: the last name and call sign it gave, and the kind of craft.
WITH latest AS (
  SELECT mmsi, ts, name, callsign, imo,
    ROW_NUMBER() OVER (PARTITION BY mmsi ORDER BY name IS NULL, ts DESC, name, callsign, imo) AS nth
  FROM identity),
kinds AS (
  SELECT mmsi, MAX(length_m) AS length_m, MAX(imo) AS imo, MAX(callsign) AS callsign,
    MAX(CASE WHEN ship_type IN (31, 32, 52) THEN 1 ELSE 0 END) = 1 AS is_tug,
    MAX(CASE WHEN ship_type IN (50, 51, 53, 54, 55, 58) THEN 1 ELSE 0 END) = 1 AS is_service,
    MAX(CASE WHEN ship_type = 30 THEN 1 ELSE 0 END) = 1 AS is_fishing,
    MAX(CASE WHEN ship_type IN (36, 37) THEN 1 ELSE 0 END) = 1 AS is_pleasure,
    MAX(CASE WHEN ship_type BETWEEN 70 AND 89 THEN 1 ELSE 0 END) = 1 AS is_merchant
  FROM identity GROUP BY mmsi)
SELECT k.mmsi, l.name, COALESCE(l.callsign, k.callsign) AS callsign, COALESCE(l.imo, k.imo) AS imo, k.length_m, k.is_tug,
  k.is_service, k.is_fishing, k.is_pleasure, k.is_merchant
FROM kinds AS k JOIN latest AS l ON l.mmsi = k.mmsi AND l.nth = 1
