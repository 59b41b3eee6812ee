-- Runs of positions inside an area, one directly after the other, at a reported speed that its user watches for.
WITH asked AS (
  SELECT area_id, MIN(record) AS record, MIN(low_kn) AS low_kn, MIN(high_kn) AS high_kn, MAX(COALESCE(speed_min, $least_min)) AS least_min,
    MAX(from_ms) AS from_ms, MIN(until_ms) AS until_ms
  FROM area GROUP BY area_id),
inside AS (
include(area_inside.sql)
),
fast AS (
  SELECT i.mmsi, i.ship, i.ts, i.p_ts, i.dt_ms, i.lat_udeg, i.lon_udeg, i.speed_kn, i.area_id, i.area_name,
    LAG(i.ts) OVER (PARTITION BY i.mmsi, i.ship, i.area_id ORDER BY i.ts, i.lat_udeg, i.lon_udeg) AS p_fast_ms
  FROM inside AS i JOIN asked AS a ON a.area_id = i.area_id
  WHERE i.speed_kn >= a.low_kn AND i.speed_kn <= a.high_kn AND NOT i.jumps),
numbered AS (
  SELECT mmsi, ship, area_id, area_name, ts, lat_udeg, lon_udeg, speed_kn,
    SUM(CASE WHEN p_fast_ms = p_ts AND dt_ms <= 1800000 THEN 0 ELSE 1 END) OVER (
      PARTITION BY mmsi, ship, area_id ORDER BY ts, lat_udeg, lon_udeg ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM fast),
runs AS (
  SELECT mmsi, ship, area_id, run, MIN(area_name) AS area_name, MIN(ts) AS started_ms, MAX(ts) AS ended_ms, COUNT(*) AS positions,
    AVG(speed_kn) AS mean_kn, MAX(speed_kn) AS most_kn
  FROM numbered GROUP BY mmsi, ship, area_id, run),
starts AS (
  SELECT r.mmsi, r.ship, r.area_id, r.run, MIN(n.lat_udeg) AS lat_udeg, MIN(n.lon_udeg) AS lon_udeg
  FROM runs AS r JOIN numbered AS n ON n.mmsi = r.mmsi AND n.ship = r.ship AND n.area_id = r.area_id AND n.run = r.run
    AND n.ts = r.started_ms
  GROUP BY r.mmsi, r.ship, r.area_id, r.run),
life AS (SELECT mmsi, ship, MAX(last_ms) AS last_ms FROM hourly GROUP BY mmsi, ship)
SELECT r.mmsi AS key_0, r.ship AS key_1, r.area_id AS key_2, r.started_ms AS key_3, r.mmsi, v.name, v.callsign, v.imo, r.started_ms,
  CASE WHEN l.last_ms > r.ended_ms THEN r.ended_ms END AS ended_ms, s.lat_udeg, s.lon_udeg, r.mean_kn * 1852e0 * (r.ended_ms - r.started_ms) / 3600000e0 / 2e0 AS uncertainty_m,
  (r.ended_ms - r.started_ms) / 1000e0 AS run_s, r.mean_kn, r.most_kn, r.positions, r.area_name, a.record AS area_record, a.low_kn,
  a.high_kn, r.positions < 5 AS is_few, COALESCE(v.is_service, FALSE) AS is_service, COALESCE(v.is_pleasure, FALSE) AS is_pleasure,
  COALESCE(v.is_fishing, FALSE) AS is_fishing
FROM runs AS r JOIN starts AS s ON s.mmsi = r.mmsi AND s.ship = r.ship AND s.area_id = r.area_id AND s.run = r.run
JOIN life AS l ON l.mmsi = r.mmsi AND l.ship = r.ship JOIN asked AS a ON a.area_id = r.area_id
LEFT JOIN vessel AS v ON v.mmsi = r.mmsi
WHERE r.ended_ms - r.started_ms >= a.least_min * 60000 AND r.positions >= 3 AND COALESCE(r.ended_ms >= a.from_ms, TRUE)
  AND COALESCE(r.started_ms < a.until_ms, TRUE)
