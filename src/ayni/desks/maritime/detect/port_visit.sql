-- One row a visit: a ship within $exit_km of a port, that came nearer than $entry_km, stopped or fell silent there.
WITH close AS (
  SELECT t.mmsi, t.ship, t.ts, t.p_ts, t.lat_udeg, t.lon_udeg, t.dt_ms, t.dist_m, t.speed_kn, t.jumps, h.port, h.name AS port_name,
    h.port_lat_udeg, h.port_lon_udeg,
    distance_m(t.lat_udeg, t.lon_udeg, h.port_lat_udeg, h.port_lon_udeg) AS port_m
  FROM track AS t JOIN haven AS h ON h.cell = cell(t.lat_udeg, t.lon_udeg)),
ranked AS (
  SELECT mmsi, ship, ts, p_ts, lat_udeg, lon_udeg, dt_ms, dist_m, speed_kn, jumps, port, port_name, port_lat_udeg, port_lon_udeg,
    port_m, ROW_NUMBER() OVER (PARTITION BY mmsi, ship, ts, lat_udeg, lon_udeg ORDER BY port_m, port) AS nth
  FROM close WHERE port_m <= $exit_km * 1000e0),
inside AS (
  SELECT mmsi, ship, ts, p_ts, dt_ms, jumps, port, port_name, port_lat_udeg, port_lon_udeg, port_m,
    COALESCE(speed_kn, GREATEST(0e0, dist_m - 20e0) / 1852e0 / NULLIF(dt_ms / 3600000e0, 0e0)) AS kn,
    LAG(ts) OVER (PARTITION BY mmsi, ship ORDER BY ts, lat_udeg, lon_udeg) AS inside_before_ms
  FROM ranked WHERE nth = 1),
numbered AS (
  SELECT mmsi, ship, ts, p_ts, dt_ms, jumps, port, port_name, port_lat_udeg, port_lon_udeg, port_m, kn, inside_before_ms,
    SUM(CASE WHEN inside_before_ms = p_ts AND NOT jumps THEN 0 ELSE 1 END) OVER (PARTITION BY mmsi, ship ORDER BY ts
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS visit
  FROM inside),
visits AS (
  SELECT mmsi, ship, visit, MIN(ts) AS started_ms, MAX(ts) AS ended_ms, COUNT(*) AS positions, MIN(port_m) AS closest_m,
    MAX(CASE WHEN kn <= $stop_begin_kn THEN 1 ELSE 0 END) = 1 AS stops,
    MAX(CASE WHEN inside_before_ms = p_ts AND dt_ms >= $port_gap_min * 60000 THEN 1 ELSE 0 END) = 1 AS is_silent
  FROM numbered GROUP BY mmsi, ship, visit HAVING MIN(port_m) <= $entry_km * 1000e0),
named AS (
  SELECT v.mmsi, v.ship, v.visit, MIN(n.port) AS port, MIN(n.port_name) AS port_name, MIN(n.port_lat_udeg) AS port_lat_udeg,
    MIN(n.port_lon_udeg) AS port_lon_udeg
  FROM visits AS v JOIN numbered AS n ON n.mmsi = v.mmsi AND n.ship = v.ship AND n.visit = v.visit AND n.port_m = v.closest_m
  GROUP BY v.mmsi, v.ship, v.visit),
entries AS (
  SELECT v.mmsi, v.ship, v.visit, MAX(CASE WHEN t.ts = v.started_ms AND t.p_ts IS NOT NULL AND NOT t.jumps
      AND t.dt_ms <= 28800000 THEN 1 ELSE 0 END) = 1 AS enters,
    MAX(CASE WHEN t.p_ts = v.ended_ms AND t.ts > v.ended_ms AND NOT t.jumps AND t.dt_ms <= 28800000 THEN 1 ELSE 0 END) = 1 AS leaves
  FROM visits AS v JOIN track AS t ON t.mmsi = v.mmsi AND t.ship = v.ship
  WHERE t.ts = v.started_ms OR t.p_ts = v.ended_ms
  GROUP BY v.mmsi, v.ship, v.visit),
told AS (
  SELECT v.mmsi, v.ship, v.started_ms, v.ended_ms, v.positions, v.closest_m, v.stops, v.is_silent, n.port, n.port_name,
    n.port_lat_udeg, n.port_lon_udeg, COALESCE(e.enters, FALSE) AS enters, COALESCE(e.leaves, FALSE) AS leaves,
    CASE WHEN v.stops OR v.is_silent THEN 2 + CASE WHEN e.enters THEN 1 ELSE 0 END + CASE WHEN e.leaves THEN 1 ELSE 0 END
      WHEN e.enters OR e.leaves THEN 1 ELSE 0 END AS confidence
  FROM visits AS v JOIN named AS n ON n.mmsi = v.mmsi AND n.ship = v.ship AND n.visit = v.visit
  LEFT JOIN entries AS e ON e.mmsi = v.mmsi AND e.ship = v.ship AND e.visit = v.visit)
SELECT t.mmsi AS key_0, t.ship AS key_1, t.started_ms AS key_2, t.port AS key_3, t.mmsi, v.name, v.callsign, v.imo,
  t.started_ms, t.ended_ms, t.port_lat_udeg AS lat_udeg, t.port_lon_udeg AS lon_udeg, t.closest_m AS uncertainty_m,
  t.port_name, (t.ended_ms - t.started_ms) / 1000e0 AS visit_s, t.closest_m, t.confidence, t.stops,
  t.is_silent AND NOT t.stops AS only_silent, NOT t.enters AS entry_unseen, NOT t.leaves AS exit_unseen, t.positions,
  t.confidence / 4e0 * 0.1e0 AS sure_weight
FROM told AS t LEFT JOIN vessel AS v ON v.mmsi = t.mmsi
WHERE t.confidence >= $confidence
