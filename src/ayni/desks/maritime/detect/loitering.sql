-- Hours in a row in which a ship went slower than $speed_kn, far from the coast.
WITH paced AS (
  SELECT mmsi, ship, hour, first_ms, last_ms, dist_m, followed_ms, breaks, min_lat_udeg, max_lat_udeg, min_lon_udeg,
    max_lon_udeg, positions,
    followed_ms > 0 AND dist_m / 1852e0 / (followed_ms / 3600000e0) < $speed_kn AND NOT breaks AS is_slow
  FROM hourly),
ordered AS (
  SELECT mmsi, ship, hour, first_ms, last_ms, dist_m, followed_ms, min_lat_udeg, max_lat_udeg, min_lon_udeg, max_lon_udeg,
    positions, is_slow, LAG(is_slow) OVER w AS was_slow, LAG(hour) OVER w AS p_hour, LAG(last_ms) OVER w AS p_last_ms
  FROM paced WINDOW w AS (PARTITION BY mmsi, ship ORDER BY hour)),
numbered AS (
  SELECT mmsi, ship, hour, first_ms, last_ms, dist_m, followed_ms, min_lat_udeg, max_lat_udeg, min_lon_udeg, max_lon_udeg,
    positions, is_slow, p_last_ms, SUM(CASE WHEN is_slow AND was_slow AND hour - p_hour <= 8 THEN 0 ELSE 1 END)
      OVER (PARTITION BY mmsi, ship ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM ordered),
runs AS (
  SELECT mmsi, ship, run, MIN(GREATEST(hour * 3600000, COALESCE(p_last_ms, first_ms))) AS started_ms, MAX(last_ms) AS ended_ms,
    SUM(dist_m) AS dist_m, SUM(followed_ms) AS followed_ms, SUM(positions) AS positions,
    CAST(ROUND(AVG(min_lat_udeg + max_lat_udeg) / 2e0) AS BIGINT) AS lat_udeg,
    MIN(min_lon_udeg) + CAST(ROUND(AVG(min_lon_udeg + max_lon_udeg) / 2e0 - MIN(min_lon_udeg)) AS BIGINT) AS lon_udeg,
    MIN(min_lat_udeg) AS south, MAX(max_lat_udeg) AS north, MIN(min_lon_udeg) AS west, MAX(max_lon_udeg) AS east
  FROM numbered WHERE is_slow GROUP BY mmsi, ship, run
  HAVING SUM(followed_ms) >= $least_h * 3600000 AND MAX(max_lon_udeg) - MIN(min_lon_udeg) < 180000000),
life AS (
  SELECT mmsi, ship, SUM(followed_ms) AS followed_ms,
    MAX(CASE WHEN followed_ms >= 1800000 THEN dist_m / 1852e0 / (followed_ms / 3600000e0) END) AS best_kn
  FROM hourly GROUP BY mmsi, ship),
told AS (
  SELECT r.mmsi, r.ship, r.started_ms, r.ended_ms, r.lat_udeg, r.lon_udeg, r.followed_ms, r.positions,
    r.dist_m / 1852e0 / (r.followed_ms / 3600000e0) AS mean_kn, distance_m(r.south, r.west, r.north, r.east) AS extent_m,
    COALESCE(distance_m(r.lat_udeg, r.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg),
      370400e0) AS shore_m, COALESCE(c.land_share, 0) AS land_share,
    l.best_kn < 3e0 AND l.followed_ms >= 43200000 AS never_fast,
    v.name, v.callsign, v.imo, v.is_fishing, v.is_service, v.is_tug, v.is_merchant, v.is_pleasure
  FROM runs AS r JOIN life AS l ON l.mmsi = r.mmsi AND l.ship = r.ship
  LEFT JOIN place AS c ON c.cell = cell(r.lat_udeg, r.lon_udeg)
  LEFT JOIN vessel AS v ON v.mmsi = r.mmsi)
SELECT mmsi AS key_0, ship AS key_1, started_ms AS key_2, mmsi, name, callsign, imo, started_ms, ended_ms, lat_udeg, lon_udeg,
  extent_m / 2e0 AS uncertainty_m, followed_ms / 1000e0 AS loiter_s, mean_kn, shore_m / 1852e0 AS shore_nm,
  extent_m / 1000e0 AS extent_km, COALESCE(is_merchant, FALSE) AS is_merchant, COALESCE(is_fishing, FALSE) AS is_fishing,
  COALESCE(is_service OR is_tug, FALSE) AS is_service, extent_m < 1000e0 AS kept_place, COALESCE(never_fast, FALSE) AS never_fast,
  positions / (followed_ms / 3600000e0) < 2e0 AS is_sparse, positions,
  LEAST(0.4e0, 0.2e0 + 0.2e0 * (followed_ms / 3600000e0 - $least_h) / 20e0) AS length_weight
FROM told
WHERE mean_kn <= $speed_kn AND shore_m > $shore_nm * 1852e0 AND land_share = 0
  -- Fishing gear drifts with a ship's number: it never goes faster than the current.
  AND NOT (COALESCE(never_fast, FALSE) AND mmsi >= 980000000)
