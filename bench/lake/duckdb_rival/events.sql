-- Clean events: narrow passes find bots, repeats and bounds, one wide pass writes the rows.

CREATE TEMP VIEW raw AS
SELECT * REPLACE (make_timestamp(epoch_us(event_at)) AS event_at),
       nullif(trim(item_id), '') AS item,
       coalesce(trim(order_id), '') <> '' AS has_order,
       CASE WHEN customer_id IS NULL THEN source END AS shop_of_guest,
       event_type IN ('purchase', 'return') AS is_sale
FROM read_parquet($raw_events, hive_partitioning = true);

CREATE TEMP TABLE bots AS
WITH days AS (
    SELECT customer_id, file_date, event_at::DATE AS day, count(*) AS event_count,
           bit_count(bit_or(1::INTEGER << hour(event_at)::INTEGER)) AS active_hours
    FROM raw WHERE customer_id IS NOT NULL AND event_at IS NOT NULL
    GROUP BY ALL
), deliveries AS (
    SELECT customer_id, file_date, max(event_count) AS busiest_day,
           sum(event_count) AS event_count,
           max(active_hours) FILTER (event_count >= $bot_min_events) AS active_hours
    FROM days GROUP BY ALL
), totals AS (
    SELECT file_date, count(*) AS total FROM raw GROUP BY file_date
)
SELECT customer_id AS bot_id, file_date AS bot_file_date
FROM deliveries JOIN totals USING (file_date)
WHERE busiest_day > $max_events_per_customer_day OR active_hours > $max_active_hours
   OR (busiest_day >= $bot_min_events AND event_count > $max_customer_share * total);

-- Rows that may be repeats: an id that is there twice, or the same event of a customer or an order nearby.
-- The hash of a half-minute finds neighbours without sorting; near its edge a row asks twice.
CREATE TEMP TABLE near_values AS
WITH known AS (
    SELECT hash(customer_id, shop_of_guest, item, event_type, order_id, campaign_id) AS same,
           epoch_us(event_at) AS micros
    FROM raw WHERE (customer_id IS NOT NULL OR has_order) AND event_at IS NOT NULL
), asked AS (
    SELECT hash(same, micros // 30000000) AS value FROM known
    UNION ALL
    SELECT hash(same, micros // 30000000 - 1) FROM known
    WHERE micros % 30000000 <= $near_micros
)
SELECT value FROM asked GROUP BY value HAVING count(*) > 1;

CREATE TEMP TABLE suspect_ids AS
WITH known AS (
    SELECT event_id, hash(customer_id, shop_of_guest, item, event_type, order_id, campaign_id) AS same,
           epoch_us(event_at) AS micros
    FROM raw WHERE (customer_id IS NOT NULL OR has_order) AND event_at IS NOT NULL
)
SELECT event_id FROM raw GROUP BY event_id HAVING count(*) > 1
UNION
SELECT event_id FROM known SEMI JOIN near_values ON hash(same, micros // 30000000) = value
UNION
SELECT event_id FROM known SEMI JOIN near_values ON hash(same, micros // 30000000 - 1) = value
WHERE micros % 30000000 <= $near_micros;

-- As described by the delivery's date, values imputed, judged by each row's own rules.
CREATE TEMP VIEW judged AS
WITH described AS (
    SELECT raw.*, category, brand,
           CASE WHEN is_sale AND price IS NULL THEN 'price_imputed' END AS imputed,
           CASE WHEN is_sale AND price IS NULL THEN list_price ELSE price END AS paid,
           CASE WHEN quantity IS NULL AND NOT coalesce(is_sale, false) THEN 1.0
                ELSE quantity END AS units
    FROM raw LEFT JOIN versions
      ON item = version_of AND file_date >= valid_from AND file_date < valid_until
)
SELECT *, CASE
    WHEN malformed IS NOT NULL THEN 'malformed'
    WHEN event_at IS NULL THEN 'no_event_time'
    WHEN event_at >= TIMESTAMP '$end_of_run_date' THEN 'in_the_future'
    WHEN event_at < TIMESTAMP '$earliest_event_date' THEN 'before_earliest_date'
    WHEN event_at < covers_from - INTERVAL $late_days DAY THEN 'too_late'
    WHEN event_type IS NULL OR event_type NOT IN
        ('view', 'search', 'cart', 'purchase', 'return', 'campaign_click')
        THEN 'unknown_event_type'
    WHEN item IS NULL AND event_type NOT IN ('search', 'campaign_click') THEN 'no_item'
    WHEN length(item) > $max_text_length OR regexp_matches(item, '[\x00-\x1f\x{fffd}]')
        OR length(order_id) > $max_text_length
        OR regexp_matches(order_id, '[\x00-\x1f\x{fffd}]')
        OR length(country) > $max_text_length OR regexp_matches(country, '[\x00-\x1f\x{fffd}]')
        OR length(campaign_id) > $max_text_length
        OR regexp_matches(campaign_id, '[\x00-\x1f\x{fffd}]') THEN 'text_not_clean'
    WHEN NOT regexp_full_match(currency, '[A-Z]{3}') THEN 'currency_not_a_code'
    WHEN units IS NULL THEN 'no_quantity'
    WHEN units <= 0 THEN 'quantity_not_positive'
    WHEN units > $max_quantity THEN 'quantity_too_large'
    WHEN is_sale AND paid IS NULL THEN 'no_price'
    WHEN paid < 0 THEN 'price_negative'
    WHEN paid > $max_price THEN 'price_too_large'
    WHEN discount < 0 THEN 'discount_negative'
    WHEN discount > $max_price THEN 'discount_too_large'
    WHEN coupon < 0 THEN 'coupon_negative'
    WHEN coupon > $max_price THEN 'coupon_too_large'
END AS own_reason
FROM described;

-- Robust z-scores of logarithms, above only; a category with few sales has no bound.
CREATE TEMP TABLE bounds AS
WITH sales AS (
    SELECT file_date, coalesce(category, '') AS category,
           CASE WHEN paid > 0 THEN ln(paid) END AS price,
           CASE WHEN units > 0 THEN ln(units) END AS quantity
    FROM judged WHERE is_sale AND own_reason IS NULL
)
SELECT file_date AS bound_date, category AS bound_category,
       CASE WHEN count(price) >= $outlier_min_rows THEN exp(median(price)
            + greatest($outlier_limit * 1.4826 * mad(price), ln($outlier_min_factor)))
       END AS price_bound,
       CASE WHEN count(quantity) >= $outlier_min_rows THEN exp(median(quantity)
            + greatest($outlier_limit * 1.4826 * mad(quantity), ln($outlier_min_factor)))
       END AS quantity_bound
FROM sales GROUP BY ALL;

CREATE TEMP VIEW humans AS
SELECT * EXCLUDE (own_reason),
       CASE WHEN own_reason IS NULL AND bot_id IS NOT NULL THEN 'bot' ELSE own_reason END AS reason
FROM judged LEFT JOIN bots ON customer_id = bot_id AND file_date = bot_file_date;
