-- The first position of each named vessel at the place they leapt to.
WITH vessels AS (
  SELECT key_0, key_1, mmsi_1 AS mmsi, started_ms, ended_ms, lat_udeg, lon_udeg FROM signal
  UNION ALL SELECT key_0, key_1, mmsi_2, started_ms, ended_ms, lat_udeg, lon_udeg FROM signal
  UNION ALL SELECT key_0, key_1, mmsi_3, started_ms, ended_ms, lat_udeg, lon_udeg FROM signal
  UNION ALL SELECT key_0, key_1, mmsi_4, started_ms, ended_ms, lat_udeg, lon_udeg FROM signal
  UNION ALL SELECT key_0, key_1, mmsi_5, started_ms, ended_ms, lat_udeg, lon_udeg FROM signal
  UNION ALL SELECT key_0, key_1, mmsi_6, started_ms, ended_ms, lat_udeg, lon_udeg FROM signal),
there AS (
  SELECT v.key_0, v.key_1, v.mmsi, p.source, p."offset", p."length", p.ts AS at_ms, p.receiver
  FROM vessels AS v JOIN position AS p ON p.mmsi = v.mmsi
  WHERE p.ts >= v.started_ms AND p.ts <= v.ended_ms AND ABS(p.lat_udeg - v.lat_udeg) <= 150000
    AND ABS(shortest(p.lon_udeg - v.lon_udeg)) <= 150000),
numbered AS (
  SELECT key_0, key_1, source, "offset", "length", at_ms, receiver,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, mmsi ORDER BY at_ms, source, "offset") AS nth
  FROM there)
SELECT key_0, key_1, source, "offset", "length", at_ms, receiver FROM numbered WHERE nth <= 2
