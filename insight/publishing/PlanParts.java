import java.util.ArrayDeque;
import org.apache.spark.sql.catalyst.analysis.UnresolvedFunction;
import org.apache.spark.sql.catalyst.analysis.UnresolvedGenerator;
import org.apache.spark.sql.catalyst.analysis.UnresolvedRelation;
import org.apache.spark.sql.catalyst.analysis.UnresolvedTableValuedFunction;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.UnresolvedWith;
import org.apache.spark.sql.catalyst.plans.logical.View;

/**
 * Lists the plan nodes and expressions of a logical plan, those of its subqueries among them.
 *
 * <p>Catalyst's own children and expressions leave out what stands in a map or a pair, such as
 * the definitions of a WINDOW clause. So this follows every field of each node's case class. It
 * is Java because a plan has thousands of fields, and each would be several calls from Python;
 * spark_query.py compiles it by Janino, which Spark brings for the code that it generates.
 */
public class PlanParts implements java.util.function.Function {

  /** Returns a line each: node or expression, class, and names in UTF-8 URL encoding. */
  public Object apply(Object plan) {
    StringBuilder lines = new StringBuilder();
    ArrayDeque waiting = new ArrayDeque();
    waiting.push(plan);
    while (!waiting.isEmpty()) {
      Object part = waiting.pop();
      boolean isNode = part instanceof LogicalPlan;
      if (isNode || part instanceof Expression) {
        lines.append(isNode ? "node" : "expression").append(' ').append(part.getClass().getName());
        lines.append(' ').append(encoded(namesOf(part))).append('\n');
      }
      scala.collection.Iterator fields = fieldsOf(part);
      while (fields != null && fields.hasNext()) {
        Object field = fields.next();
        if (field != null) {
          waiting.push(field);
        }
      }
    }
    return lines.toString();
  }

  private static scala.collection.Iterator fieldsOf(Object part) {
    // Below a registered view lies our own plan, over the lake's files.
    if (part instanceof View || part instanceof org.apache.spark.sql.types.DataType) {
      return null;
    }
    if (part instanceof scala.collection.Iterable) {
      return ((scala.collection.Iterable) part).iterator();
    }
    return part instanceof scala.Product ? ((scala.Product) part).productIterator() : null;
  }

  /** The names that a part gives, each ended by a zero: of a relation, or of a function. */
  private static String namesOf(Object part) {
    if (part instanceof UnresolvedRelation) {
      return joined(((UnresolvedRelation) part).multipartIdentifier().iterator());
    }
    if (part instanceof UnresolvedTableValuedFunction) {
      return joined(((UnresolvedTableValuedFunction) part).name().iterator());
    }
    if (part instanceof UnresolvedFunction) {
      return joined(((UnresolvedFunction) part).nameParts().iterator());
    }
    if (part instanceof UnresolvedGenerator) {
      return ((UnresolvedGenerator) part).name().unquotedString() + '\0';
    }
    if (part instanceof View) {
      View view = (View) part;
      String name = view.desc().identifier().unquotedString() + '\0';
      return view.isTempView() ? name : "catalog" + '\0' + name;
    }
    // The queries of a WITH, each a pair of its name and its plan.
    return part instanceof UnresolvedWith
        ? joined(((UnresolvedWith) part).cteRelations().iterator())
        : "";
  }

  private static String joined(scala.collection.Iterator names) {
    StringBuilder joined = new StringBuilder();
    while (names.hasNext()) {
      Object name = names.next();
      joined.append(name instanceof scala.Tuple2 ? ((scala.Tuple2) name)._1() : name);
      joined.append('\0');
    }
    return joined.toString();
  }

  private static String encoded(String text) {
    try {
      return java.net.URLEncoder.encode(text, "UTF-8");
    } catch (java.io.UnsupportedEncodingException error) {
      throw new IllegalStateException(error);
    }
  }
}
