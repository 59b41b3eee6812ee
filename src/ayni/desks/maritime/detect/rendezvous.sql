-- Two slow ships within $distance_m of each other for more than $least_min minutes, away from ports and quays.
-- Ten-minute closeness finds the pairs; minute by minute says how close they were, and for how long.
WITH hints AS (
  SELECT mmsi_1, mmsi_2, b, LAG(b) OVER (PARTITION BY mmsi_1, mmsi_2 ORDER BY b) AS p_b
  FROM near
  WHERE COALESCE(leg_1_m, 0e0) / 1852e0 * 6e0 < $speed_kn AND COALESCE(leg_2_m, 0e0) / 1852e0 * 6e0 < $speed_kn),
grouped AS (
  SELECT mmsi_1, mmsi_2, b, SUM(CASE WHEN b - p_b <= 2 THEN 0 ELSE 1 END) OVER (PARTITION BY mmsi_1, mmsi_2 ORDER BY b
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS hint
  FROM hints),
spans AS (
  SELECT mmsi_1, mmsi_2, hint, MIN(b) - 1 AS first_b, MAX(b) + 1 AS last_b FROM grouped
  GROUP BY mmsi_1, mmsi_2, hint HAVING COUNT(*) >= 3),
wanted AS (
  SELECT mmsi_1, mmsi_2, hint, mmsi_1 AS mmsi, first_b, last_b FROM spans
  UNION ALL SELECT mmsi_1, mmsi_2, hint, mmsi_2, first_b, last_b FROM spans),
stretches AS (
  SELECT w.mmsi_1, w.mmsi_2, w.hint, w.mmsi, t.ts, t.p_ts, t.lat_udeg, t.p_lat_udeg, t.p_lon_udeg, t.dt_ms,
    shortest(t.lon_udeg - t.p_lon_udeg) AS east_udeg, floor_div(t.p_ts, 60000) + 1 AS first_m, floor_div(t.ts, 60000) AS last_m
  FROM wanted AS w JOIN track AS t ON t.mmsi = w.mmsi AND t.ship = 0 AND t.ts >= w.first_b * 600000
    AND t.p_ts <= w.last_b * 600000
  WHERE t.dt_ms > 0 AND t.dt_ms < 3600000 AND NOT t.jumps),
minutes AS (
  SELECT s.mmsi_1, s.mmsi_2, s.hint, s.mmsi, s.first_m + n.i AS m,
    s.p_lat_udeg + CAST(ROUND((s.lat_udeg - s.p_lat_udeg) * ((s.first_m + n.i) * 60000 - s.p_ts) / CAST(s.dt_ms AS DOUBLE))
      AS BIGINT) AS lat_udeg,
    s.p_lon_udeg + CAST(ROUND(s.east_udeg * ((s.first_m + n.i) * 60000 - s.p_ts) / CAST(s.dt_ms AS DOUBLE)) AS BIGINT) AS lon_udeg
  FROM stretches AS s JOIN counts(61) AS n(k, i) ON n.k = s.last_m - s.first_m + 1),
together AS (
  SELECT a.mmsi_1, a.mmsi_2, a.hint, a.m, a.lat_udeg AS lat_1, a.lon_udeg AS lon_1, o.lat_udeg AS lat_2, o.lon_udeg AS lon_2,
    distance_m(a.lat_udeg, a.lon_udeg, o.lat_udeg, o.lon_udeg) AS dist_m
  FROM minutes AS a JOIN minutes AS o ON o.mmsi_1 = a.mmsi_1 AND o.mmsi_2 = a.mmsi_2 AND o.hint = a.hint AND o.m = a.m
  WHERE a.mmsi = a.mmsi_1 AND o.mmsi = o.mmsi_2),
close AS (
  SELECT mmsi_1, mmsi_2, m, lat_1, lon_1, lat_2, lon_2, dist_m, LAG(m) OVER (PARTITION BY mmsi_1, mmsi_2 ORDER BY m) AS p_m
  FROM (SELECT DISTINCT mmsi_1, mmsi_2, m, lat_1, lon_1, lat_2, lon_2, dist_m FROM together WHERE dist_m < $distance_m) AS d),
numbered AS (
  SELECT mmsi_1, mmsi_2, m, lat_1, lon_1, lat_2, lon_2, dist_m, SUM(CASE WHEN m - p_m <= 3 THEN 0 ELSE 1 END) OVER (
    PARTITION BY mmsi_1, mmsi_2 ORDER BY m ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM close),
met AS (
  SELECT mmsi_1, mmsi_2, run, MIN(m) AS first_m, MAX(m) AS last_m, COUNT(*) AS close_count, MEDIAN(dist_m) AS median_m,
    CAST(ROUND(AVG(lat_1)) AS BIGINT) AS lat_udeg, MIN(lon_1) AS lon_udeg,
    distance_m(MIN(lat_1), MIN(lon_1), MAX(lat_1), MAX(lon_1)) AS extent_1_m,
    distance_m(MIN(lat_2), MIN(lon_2), MAX(lat_2), MAX(lon_2)) AS extent_2_m
  FROM numbered GROUP BY mmsi_1, mmsi_2, run HAVING MAX(m) - MIN(m) > $least_min),
port_near AS (
  SELECT m.mmsi_1, m.mmsi_2, m.first_m, MIN(distance_m(m.lat_udeg, m.lon_udeg, h.port_lat_udeg, h.port_lon_udeg)) AS port_m
  FROM met AS m JOIN haven AS h ON h.cell = cell(m.lat_udeg, m.lon_udeg) GROUP BY m.mmsi_1, m.mmsi_2, m.first_m),
busy AS (
  SELECT mmsi FROM (SELECT mmsi_1 AS mmsi FROM met UNION ALL SELECT mmsi_2 FROM met) AS all_met
  GROUP BY mmsi HAVING COUNT(*) > $most_meetings),
told AS (
  SELECT m.mmsi_1, m.mmsi_2, m.first_m, m.last_m, m.close_count, m.median_m, m.lat_udeg, m.lon_udeg, m.extent_1_m, m.extent_2_m,
    COALESCE(p.port_m, 99000e0) AS port_m, COALESCE(c.land_share, 0) AS land_share,
    COALESCE(distance_m(m.lat_udeg, m.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg),
      370400e0) AS shore_m,
    COALESCE(a.is_tug OR a.is_service, FALSE) OR COALESCE(o.is_tug OR o.is_service, FALSE) AS is_service,
    COALESCE(a.is_fishing, FALSE) AND COALESCE(o.is_fishing, FALSE) AS both_fish
  FROM met AS m
  LEFT JOIN port_near AS p ON p.mmsi_1 = m.mmsi_1 AND p.mmsi_2 = m.mmsi_2 AND p.first_m = m.first_m
  LEFT JOIN place AS c ON c.cell = cell(m.lat_udeg, m.lon_udeg)
  LEFT JOIN vessel AS a ON a.mmsi = m.mmsi_1 LEFT JOIN vessel AS o ON o.mmsi = m.mmsi_2
  LEFT JOIN busy AS f ON f.mmsi = m.mmsi_1 LEFT JOIN busy AS g ON g.mmsi = m.mmsi_2
  -- A craft that meets one ship after another near the coast is a pilot, a tender or a tug, whatever it says it is.
  WHERE (f.mmsi IS NULL AND g.mmsi IS NULL) OR c.cell IS NULL
    OR distance_m(m.lat_udeg, m.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg) > 24e0 * 1852e0)
SELECT mmsi_1 AS key_0, CAST(0 AS BIGINT) AS key_1, mmsi_2 AS key_2, CAST(0 AS BIGINT) AS key_3, first_m * 60000 AS key_4,
  mmsi_1, mmsi_2, first_m * 60000 AS started_ms, last_m * 60000 AS ended_ms, lat_udeg, lon_udeg,
  GREATEST(extent_1_m, extent_2_m) / 2e0 AS uncertainty_m, (last_m - first_m) * 60e0 AS together_s, median_m, close_count,
  shore_m / 1852e0 AS shore_nm, shore_m > 24e0 * 1852e0 AS far_out, shore_m <= 12e0 * 1852e0 AS close_in,
  GREATEST(extent_1_m, extent_2_m) < 300e0 AS lay_still, is_service, both_fish
FROM told
WHERE port_m >= $port_km * 1000e0 AND land_share < 20 AND shore_m >= $shore_km * 1000e0 AND NOT is_service
  -- One that hardly moves near the coast is moored or made fast, and the other came alongside.
  AND NOT (LEAST(extent_1_m, extent_2_m) < 150e0 AND shore_m < 9260e0)
