-- Runs of positions of one ship, one directly after the other, between two reported speeds: what two rules ask.
WITH fast AS (
  SELECT mmsi, ship, ts, p_ts, dt_ms, lat_udeg, lon_udeg, speed_kn,
    LAG(ts) OVER (PARTITION BY mmsi, ship ORDER BY ts, lat_udeg, lon_udeg) AS p_fast_ms
  FROM track WHERE speed_kn >= $low_kn AND speed_kn <= $high_kn AND NOT jumps),
numbered AS (
  SELECT mmsi, ship, ts, lat_udeg, lon_udeg, speed_kn, SUM(CASE WHEN p_fast_ms = p_ts AND dt_ms <= 1800000 THEN 0 ELSE 1 END) OVER (
    PARTITION BY mmsi, ship ORDER BY ts, lat_udeg, lon_udeg ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM fast),
runs AS (
  SELECT mmsi, ship, run, MIN(ts) AS started_ms, MAX(ts) AS ended_ms, COUNT(*) AS positions, AVG(speed_kn) AS mean_kn,
    MAX(speed_kn) AS most_kn
  FROM numbered GROUP BY mmsi, ship, run HAVING MAX(ts) - MIN(ts) >= $least_min * 60000 AND COUNT(*) >= 3),
starts AS (
  SELECT r.mmsi, r.ship, r.run, r.started_ms, r.ended_ms, r.positions, r.mean_kn, r.most_kn, n.lat_udeg, n.lon_udeg,
    ROW_NUMBER() OVER (PARTITION BY r.mmsi, r.ship, r.run ORDER BY n.lat_udeg, n.lon_udeg) AS nth
  FROM runs AS r JOIN numbered AS n ON n.mmsi = r.mmsi AND n.ship = r.ship AND n.run = r.run AND n.ts = r.started_ms),
told AS (
  SELECT s.mmsi, s.ship, s.started_ms, s.ended_ms, s.positions, s.mean_kn, s.most_kn, s.lat_udeg, s.lon_udeg,
    COALESCE(distance_m(s.lat_udeg, s.lon_udeg, c.shore_lat_udeg, c.shore_lon_udeg),
      CASE WHEN c.cell IS NULL THEN 370400e0 ELSE 0e0 END) AS shore_m, COALESCE(c.land_share, 0) AS land_share, v.name, v.callsign, v.imo,
    v.is_fishing, v.is_service, v.is_pleasure, v.is_merchant, v.length_m
  FROM starts AS s LEFT JOIN place AS c ON c.cell = cell(s.lat_udeg, s.lon_udeg) LEFT JOIN vessel AS v ON v.mmsi = s.mmsi
  WHERE s.nth = 1)
SELECT * FROM told
