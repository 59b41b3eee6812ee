-- Stays of ships inside the areas a user drew, as far as entries are asked for.
WITH inside AS (
include(area_inside.sql)
),
ordered AS (
  SELECT mmsi, ship, ts, p_ts, lat_udeg, lon_udeg, area_id, area_name,
    LAG(ts) OVER (PARTITION BY mmsi, ship, area_id ORDER BY ts, lat_udeg, lon_udeg) AS p_in_ms
  FROM inside),
numbered AS (
  SELECT mmsi, ship, ts, p_ts, lat_udeg, lon_udeg, area_id, area_name,
    SUM(CASE WHEN p_in_ms = p_ts OR ts - p_in_ms <= $rejoin_min * 60000 THEN 0 ELSE 1 END) OVER (
      PARTITION BY mmsi, ship, area_id ORDER BY ts, lat_udeg, lon_udeg ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS visit
  FROM ordered),
visits AS (
  SELECT mmsi, ship, area_id, visit, MIN(area_name) AS area_name, MIN(ts) AS entered_ms, MAX(ts) AS last_ms, COUNT(*) AS positions,
    MIN(p_ts) AS before_ms
  FROM numbered GROUP BY mmsi, ship, area_id, visit),
places AS (
  SELECT v.mmsi, v.ship, v.area_id, v.visit, MIN(n.lat_udeg) AS lat_udeg, MIN(n.lon_udeg) AS lon_udeg
  FROM visits AS v JOIN numbered AS n ON n.mmsi = v.mmsi AND n.ship = v.ship AND n.area_id = v.area_id AND n.visit = v.visit
    AND n.ts = v.entered_ms
  GROUP BY v.mmsi, v.ship, v.area_id, v.visit),
asked AS (
  SELECT area_id, MIN(record) AS record, BOOL_AND(COALESCE(entry, TRUE)) AS entry, MAX(COALESCE(least_min, $least_min)) AS least_min,
    MAX(from_ms) AS from_ms, MIN(until_ms) AS until_ms
  FROM area GROUP BY area_id),
life AS (SELECT mmsi, ship, MAX(last_ms) AS last_ms FROM hourly GROUP BY mmsi, ship)
SELECT v.mmsi AS key_0, v.ship AS key_1, v.area_id AS key_2, v.entered_ms AS key_3, v.mmsi, w.name, w.callsign, w.imo,
  v.entered_ms AS started_ms, CASE WHEN l.last_ms > v.last_ms THEN v.last_ms END AS ended_ms, p.lat_udeg, p.lon_udeg,
  200e0 AS uncertainty_m, v.area_name, a.record AS area_record, (v.last_ms - v.entered_ms) / 1000e0 AS inside_s, v.positions,
  COALESCE(v.before_ms < v.entered_ms, FALSE) AS came_from_outside, NOT COALESCE(v.before_ms < v.entered_ms, FALSE) AS first_seen_inside,
  v.positions = 1 AS is_single, l.last_ms = v.last_ms AS still_inside
FROM visits AS v JOIN places AS p ON p.mmsi = v.mmsi AND p.ship = v.ship AND p.area_id = v.area_id AND p.visit = v.visit
JOIN life AS l ON l.mmsi = v.mmsi AND l.ship = v.ship JOIN asked AS a ON a.area_id = v.area_id
LEFT JOIN vessel AS w ON w.mmsi = v.mmsi
WHERE a.entry AND v.last_ms - v.entered_ms >= a.least_min * 60000 AND COALESCE(v.last_ms >= a.from_ms, TRUE)
  AND COALESCE(v.entered_ms < a.until_ms, TRUE)
