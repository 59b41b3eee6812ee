-- The first three positions inside, and the last three.
WITH inside AS (
  SELECT s.key_0, s.key_1, s.key_2, s.key_3, p.source, p."offset", p."length", p.ts AS at_ms, p.receiver,
    ROW_NUMBER() OVER (PARTITION BY s.key_0, s.key_1, s.key_2, s.key_3 ORDER BY p.ts, p.source, p."offset") AS first_nth,
    ROW_NUMBER() OVER (PARTITION BY s.key_0, s.key_1, s.key_2, s.key_3 ORDER BY p.ts DESC, p.source DESC, p."offset" DESC) AS last_nth
  FROM signal AS s JOIN position AS p ON p.mmsi = s.mmsi
  WHERE p.ts >= s.started_ms AND p.ts <= COALESCE(s.ended_ms, s.started_ms + 86400000))
SELECT key_0, key_1, key_2, key_3, source, "offset", "length", at_ms, receiver FROM inside WHERE first_nth <= 3 OR last_nth <= 3
