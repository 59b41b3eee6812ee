-- One row a position of one ship: the MMSI, and which of the ships that use it (0 where only one does).
-- Ships told apart never jump: a leap is what told them apart.
WITH told AS (
  SELECT mmsi, ship, ts, lat_udeg, lon_udeg, speed_kn, is_fine,
    LAG(ts) OVER w AS p_ts, LAG(lat_udeg) OVER w AS p_lat_udeg, LAG(lon_udeg) OVER w AS p_lon_udeg
  FROM ships_apart
  WINDOW w AS (PARTITION BY mmsi, ship ORDER BY ts, lat_udeg, lon_udeg, speed_kn)),
apart AS (
  SELECT mmsi, ship, ts, lat_udeg, lon_udeg, speed_kn, is_fine, p_ts, p_lat_udeg, p_lon_udeg, ts - p_ts AS dt_ms,
    distance_m(p_lat_udeg, p_lon_udeg, lat_udeg, lon_udeg) AS dist_m
  FROM told)
SELECT s.mmsi, CAST(0 AS BIGINT) AS ship, s.ts, s.lat_udeg, s.lon_udeg, s.speed_kn, s.is_fine, s.p_ts, s.p_lat_udeg,
  s.p_lon_udeg, s.dt_ms, s.dist_m, s.jumps
FROM step AS s LEFT JOIN (SELECT DISTINCT mmsi FROM ships_apart) AS a ON a.mmsi = s.mmsi
WHERE a.mmsi IS NULL
UNION ALL
SELECT mmsi, ship, ts, lat_udeg, lon_udeg, speed_kn, is_fine, p_ts, p_lat_udeg, p_lon_udeg, dt_ms, dist_m, FALSE AS jumps
FROM apart
