-- The suspects are few: they alone are numbered and walked through.

CREATE TEMP VIEW worded AS
SELECT *, left(nullif(trim(lower(regexp_replace(search_text, '[\s\x00-\x1f\x7f]+', ' ', 'g'))), ''),
               200) AS query
FROM humans;

-- Of equal ids the first delivery stays.
CREATE TEMP TABLE suspects AS
SELECT * REPLACE (
    CASE WHEN reason IS NULL AND row_number() OVER (
             PARTITION BY event_id, reason IS NULL ORDER BY file_date, source_file) > 1
         THEN 'repeated' ELSE reason END AS reason)
FROM worded SEMI JOIN suspect_ids USING (event_id);

-- Of near repeats the first delivered stays, then the earliest; what is near one that stays goes.
-- Lines of an order in one file, at one moment, stand beside each other: they are no repeats.
-- A chain of them (each near the next) is walked in that order, one step for all chains at once.
CREATE TEMP TABLE near_ids AS
WITH RECURSIVE ordered AS (
    SELECT event_id, file_date, epoch_us(event_at) AS micros,
           CASE WHEN has_order THEN source_file END AS file,
           coalesce(epoch_us(event_at) - lag(epoch_us(event_at)) OVER (
               PARTITION BY customer_id, shop_of_guest, item, event_type, order_id, units, paid,
                            campaign_id, query
               ORDER BY event_at) > $near_micros, true) AS opens,
           row_number() OVER (ORDER BY customer_id, shop_of_guest, item, event_type, order_id,
                              units, paid, campaign_id, query, event_at, event_id) AS place
    FROM suspects WHERE reason IS NULL AND (customer_id IS NOT NULL OR has_order)
), chained AS (
    SELECT *, sum(opens::INTEGER) OVER (ORDER BY place) AS chain FROM ordered
), steps AS (
    SELECT chain, event_id, micros, concat(file_date, ' ', micros, ' ', file) AS telling,
           file IS NULL AS is_alone,
           row_number() OVER (PARTITION BY chain ORDER BY file_date, micros, file, event_id) AS step
    FROM chained QUALIFY count(*) OVER (PARTITION BY chain) > 1
), walked AS (
    SELECT chain, step, event_id, [{m: micros, t: telling}] AS kept, false AS is_near
    FROM steps WHERE step = 1
    UNION ALL
    SELECT chain, step, event_id,
           CASE WHEN near THEN kept ELSE list_append(kept, {m: micros, t: telling}) END, near
    FROM (
        SELECT s.chain, s.step, s.event_id, s.micros, s.telling, w.kept,
               len(list_filter(w.kept, lambda k: abs(k.m - s.micros) <= $near_micros
                                       AND (s.is_alone OR k.t <> s.telling))) > 0 AS near
        FROM walked w JOIN steps s ON s.chain = w.chain AND s.step = w.step + 1
    )
)
SELECT event_id FROM walked WHERE is_near;

CREATE TEMP VIEW settled AS
SELECT * REPLACE (CASE WHEN reason IS NULL AND near_id IS NOT NULL
                       THEN 'near_repeat' ELSE reason END AS reason)
FROM suspects LEFT JOIN (SELECT event_id AS near_id FROM near_ids) ON event_id = near_id;
