-- One row a stretch of track without a break: broken by a silence over $max_hours or by a jump.
WITH starts AS (
  SELECT mmsi, ship, ts AS started_ms, p_ts
  FROM track WHERE p_ts IS NULL OR jumps OR dt_ms > $max_hours * 3600000),
ends AS (SELECT mmsi, ship, MAX(ts) AS last_ms FROM track GROUP BY mmsi, ship)
SELECT s.mmsi, s.ship, s.started_ms,
  COALESCE(LEAD(s.p_ts) OVER (PARTITION BY s.mmsi, s.ship ORDER BY s.started_ms), e.last_ms) AS ended_ms
FROM starts AS s JOIN ends AS e ON e.mmsi = s.mmsi AND e.ship = s.ship
