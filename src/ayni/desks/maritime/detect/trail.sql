-- One row a position of one vessel, in order of time; ships told apart follow one another.
-- A stretch begins after a silence, after a leap no ship can make, and with each ship that bears the number.
SELECT ts AS at_ms, lat_udeg, lon_udeg, speed_kn, ship,
  p_ts IS NULL OR jumps OR dt_ms > CAST($max_hours AS BIGINT) * 3600000 AS begins
FROM track
