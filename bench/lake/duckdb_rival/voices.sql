-- Feedback and exposures: cleaned row by row, each once.

CREATE TEMP TABLE judged_feedback AS
WITH texts AS (
    SELECT * REPLACE (make_timestamp(epoch_us(created_at)) AS created_at),
           trim(regexp_replace(regexp_replace(feedback_text, '<[^>]{1,200}>', ' ', 'g'),
                               '[\s\x00-\x1f\x7f\x{fffd}]+', ' ', 'g')) AS clean_text,
           trim(regexp_replace(regexp_replace(reply_text, '<[^>]{1,200}>', ' ', 'g'),
                               '[\s\x00-\x1f\x7f\x{fffd}]+', ' ', 'g')) AS clean_reply
    FROM read_parquet($raw_feedback)
), ruled AS (
    SELECT *, CASE
        WHEN malformed IS NOT NULL THEN 'malformed'
        WHEN created_at IS NULL THEN 'no_created_at'
        WHEN created_at >= TIMESTAMP '$end_of_run_date' THEN 'in_the_future'
        WHEN created_at < TIMESTAMP '$earliest_event_date' THEN 'before_earliest_date'
        WHEN kind IS NULL OR kind NOT IN ('review', 'ticket', 'question', 'mention')
            THEN 'unknown_kind'
        WHEN coalesce(clean_text, '') = '' THEN 'no_text'
        WHEN length(feedback_text) > 10000 THEN 'text_too_long'
        WHEN rating NOT BETWEEN 1 AND 5 THEN 'rating_out_of_bounds'
    END AS own_reason FROM texts
)
SELECT * EXCLUDE (own_reason),
       CASE WHEN own_reason IS NULL AND row_number() OVER (
                PARTITION BY feedback_id, own_reason IS NULL ORDER BY file_date, source_file) > 1
            THEN 'repeated' ELSE own_reason END AS reason
FROM ruled;

COPY (
    SELECT feedback_id, created_at, kind, customer_id, trim(item_id) AS item_id, rating, channel,
           clean_text AS feedback_text, clean_reply AS reply_text, source,
           created_at::DATE AS feedback_date
    FROM judged_feedback WHERE reason IS NULL
) TO '$out/feedback.parquet';

CREATE TEMP TABLE judged_exposures AS
WITH times AS (
    SELECT * REPLACE (make_timestamp(epoch_us(exposed_at)) AS exposed_at,
                      make_timestamp(epoch_us(ends_at)) AS ends_at)
    FROM read_parquet($raw_exposures)
), ruled AS (
    SELECT *, CASE
        WHEN malformed IS NOT NULL THEN 'malformed'
        WHEN exposed_at IS NULL THEN 'no_exposed_at'
        WHEN exposed_at >= TIMESTAMP '$end_of_run_date' THEN 'in_the_future'
        WHEN exposed_at < TIMESTAMP '$earliest_event_date' THEN 'before_earliest_date'
        WHEN customer_id IS NULL THEN 'no_customer_id'
        WHEN trim(coalesce(campaign_id, '')) = '' THEN 'no_campaign'
        WHEN ends_at < exposed_at THEN 'ends_before_it_begins'
    END AS own_reason FROM times
)
SELECT * EXCLUDE (own_reason),
       CASE WHEN own_reason IS NULL AND row_number() OVER (
                PARTITION BY exposure_id, own_reason IS NULL ORDER BY file_date, source_file) > 1
            THEN 'repeated' ELSE own_reason END AS reason
FROM ruled;

COPY (
    SELECT exposure_id, exposed_at, ends_at, customer_id, trim(campaign_id) AS campaign_id,
           channel, category, source, file_date, covers_from, file_date AS delivered_on,
           exposed_at::DATE AS exposure_date
    FROM judged_exposures WHERE reason IS NULL
) TO '$out/exposures.parquet';
