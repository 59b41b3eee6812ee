-- Silences of more than $silence_h hours, of ships that did not simply lie in port.
WITH told AS (
include(silence.sql)
)
SELECT mmsi AS key_0, from_ms AS key_1, lat_udeg AS key_2, lon_udeg AS key_3, mmsi, name, callsign, imo,
  from_ms AS started_ms, CASE WHEN lasts THEN CAST(NULL AS BIGINT) ELSE to_ms END AS ended_ms,
  lat_udeg, lon_udeg, end_lat_udeg, end_lon_udeg,
  CASE WHEN lasts THEN 25e0 * 1852e0 * silent_ms / 3600000e0 ELSE GREATEST(185e0, COALESCE(dist_m, 0e0) / 2e0) END
    AS uncertainty_m,
  silent_ms / 1000e0 AS silence_s, lasts AS is_open, NOT lasts AS is_closed, $before_h * 3600e0 AS before_s,
  before_count, before_satellite, before_count - before_satellite - before_dynamic AS before_terrestrial, before_dynamic,
  before_count < 3 AS was_rare, before_count >= 14 AS was_regular, others_during, others_during >= 3 AS others_heard,
  others_during = 0 AS nobody_heard, dist_m / 1852e0 AS moved_nm,
  dist_m / 1852e0 / (silent_ms / 3600000e0) AS implied_kn, COALESCE(dist_m > 9260e0, FALSE) AS moved_on,
  before_kn, COALESCE(before_kn < 0.5e0, FALSE) AS lay_still, COALESCE(before_kn >= 2e0, FALSE) AS was_under_way,
  shore_m / 1852e0 AS shore_nm, shore_m <= 12e0 * 1852e0 AS close_in, shore_m > 50e0 * 1852e0 AND NOT on_river AS far_out,
  COALESCE(dist_m < 2000e0, FALSE) AS same_place,
  COALESCE(is_fishing AND length_m < 24e0, FALSE) AS is_artisanal, ship > 0 AS is_shared,
  LEAST(0.4e0, 0.2e0 + 0.1e0 * (silent_ms / 3600000e0 - $silence_h) / 18e0) AS length_weight
FROM told
WHERE silent_ms > $silence_h * 3600000
  -- In harbour or at a landing, where a ship is expected to switch its equipment off: it did not move meanwhile.
  AND NOT (NOT lasts AND dist_m < 2000e0 AND (port_m < 10000e0 OR shore_m < 9260e0))
  -- A silence that lasts is told where no ordinary end of a voyage lay within reach when it became one: no port, no
  -- river, nor the edge of reception, beyond which others are not heard either; nor of a track that ends only because
  -- nobody can say which of several ships it belongs to.
  AND NOT (lasts AND (ship > 0 OR on_river OR stay_ms > 0 OR (others_during = 0 AND ships_heard >= 20)
    OR shore_m / 1852e0 <= $silence_h * GREATEST(COALESCE(before_kn, 0e0), $cruising_kn)))
