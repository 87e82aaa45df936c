-- The rows themselves: sound ones as events, the others with their reason.

CREATE TEMP VIEW rows AS
SELECT * FROM worded ANTI JOIN suspect_ids USING (event_id)
UNION ALL BY NAME
SELECT * EXCLUDE (near_id) FROM settled;

COPY (
    WITH bounded AS (
        SELECT *, coalesce(is_sale AND paid > price_bound, false) AS is_dear,
               coalesce(is_sale AND units > quantity_bound, false) AS is_much
        FROM rows LEFT JOIN bounds
          ON file_date = bound_date AND coalesce(category, '') = bound_category
        WHERE reason IS NULL
    ), capped AS (
        SELECT * REPLACE (CASE WHEN is_dear THEN price_bound ELSE paid END AS paid,
                          CASE WHEN is_much THEN quantity_bound ELSE units END AS units)
        FROM bounded
    )
    SELECT event_id, event_at, event_type, customer_id, item AS item_id, category, brand, order_id,
           units AS quantity, paid AS price,
           round(units * coalesce(paid, 0.0), 6)::DECIMAL(18, 6) AS amount,
           round(coalesce(discount, 0.0), 6)::DECIMAL(18, 6) AS discount,
           round(coalesce(coupon, 0.0), 6)::DECIMAL(18, 6) AS coupon, currency, campaign_id, query AS search_text,
           nullif(concat_ws(',', imputed, CASE WHEN is_dear THEN 'price_capped' END,
                            CASE WHEN is_much THEN 'quantity_capped' END), '') AS corrections,
           country, source, file_date, covers_from, file_date AS delivered_on,
           event_at::DATE AS event_date
    FROM capped
) TO '$out/events.parquet';

CREATE TEMP VIEW events AS SELECT * FROM read_parquet('$out/events.parquet');

COPY (
    SELECT 'events' AS target, reason, source, source_file, to_json({
        event_id: event_id, event_at: event_at, event_type: event_type, customer_id: customer_id,
        item_id: item_id, order_id: order_id, quantity: quantity, price: price, discount: discount,
        coupon: coupon, currency: currency, country: country, campaign_id: campaign_id, search_text: search_text,
        source: source, source_file: source_file, file_date: file_date, covers_from: covers_from,
        malformed: malformed, key_id: key_id, ingest_date: ingest_date})::VARCHAR AS payload
    FROM rows WHERE reason IS NOT NULL
    UNION ALL
    SELECT 'customers', reason, source, source_file,
           to_json(judged_customers)::VARCHAR FROM judged_customers WHERE reason IS NOT NULL
    UNION ALL
    SELECT 'items', reason, source, source_file,
           to_json(judged_items)::VARCHAR FROM judged_items WHERE reason IS NOT NULL
    UNION ALL
    SELECT 'feedback', reason, source, source_file,
           to_json(judged_feedback)::VARCHAR FROM judged_feedback WHERE reason IS NOT NULL
    UNION ALL
    SELECT 'exposures', reason, source, source_file,
           to_json(judged_exposures)::VARCHAR FROM judged_exposures WHERE reason IS NOT NULL
) TO '$out/quarantine.parquet';

COPY (
    WITH sold AS (
        SELECT r.event_id AS found_id,
               max(row(p.event_at, p.event_id)) AS purchase
        FROM events r JOIN events p
          ON p.customer_id = r.customer_id AND p.item_id = r.item_id
         AND p.file_date <= r.file_date
         AND p.event_at <= r.event_at AND p.event_at >= r.event_at - INTERVAL $return_days DAY
        WHERE r.event_type = 'return' AND p.event_type = 'purchase'
        GROUP BY r.event_id
    )
    SELECT event_id AS return_event_id, purchase[2] AS purchase_event_id, customer_id, item_id,
           quantity AS units, amount,
           epoch_us(event_at) // 1000000 - epoch_us(purchase[1]) // 1000000 AS seconds_to_return,
           event_date
    FROM events LEFT JOIN sold ON event_id = found_id WHERE event_type = 'return'
) TO '$out/returns.parquet';
