-- Positions of every MMSI whose track jumps so often that more than one transmitter must be using it.
WITH jumpy AS (
  SELECT mmsi FROM step WHERE jumps AND dt_ms <= 28800000 GROUP BY mmsi HAVING COUNT(*) >= $jumps)
SELECT s.mmsi, s.ts, s.lat_udeg, s.lon_udeg, s.speed_kn, s.is_fine
FROM step AS s JOIN jumpy AS j ON j.mmsi = s.mmsi
