namespace FitCluster.Math.Ebnm;

/// <summary>
/// The basis of natural cubic splines of Efron's deconvolution: cubic B-splines with interior knots at the quantiles 1/df, ... of the grid
/// and boundary knots at its ends, without the first; restricted to zero second derivatives at both ends by the Householder complement of
/// these two conditions; columns centred and scaled to length 1. The penalty on the coefficients depends on this very choice of basis.
/// </summary>
internal static class NaturalSplineBasis
{
    private const int Order = 4;

    /// <summary>The basis on a grid of increasing points: columns[j][k] is spline j at point k.</summary>
    public static double[][] Columns(double[] points, int degreesOfFreedom)
    {
        var knots = Knots(points, degreesOfFreedom - 1);
        var functions = knots.Length - Order;
        var (first, last) = (SecondDerivatives(knots, points[0], functions), SecondDerivatives(knots, points[^1], functions));
        var reflectors = Householder(first[1..], last[1..]);
        var columns = new double[degreesOfFreedom][];
        for (var j = 0; j < degreesOfFreedom; j++)
        {
            columns[j] = new double[points.Length];
        }

        for (var k = 0; k < points.Length; k++)
        {
            var row = Values(knots, points[k], functions, Order)[1..];
            foreach (var v in reflectors)
            {
                Reflect(v, row);
            }

            for (var j = 0; j < degreesOfFreedom; j++)
            {
                columns[j][k] = row[j + 2];
            }
        }

        foreach (var column in columns)
        {
            var mean = column.Average();
            for (var k = 0; k < column.Length; k++)
            {
                column[k] -= mean;
            }

            var length = double.Sqrt(column.Sum(c => c * c));
            for (var k = 0; k < column.Length && length > 0; k++)
            {
                column[k] /= length;
            }
        }

        return columns;
    }

    private static double[] Knots(double[] points, int interior)
    {
        var knots = new double[interior + (2 * Order)];
        Array.Fill(knots, points[0], 0, Order);
        Array.Fill(knots, points[^1], interior + Order, Order);
        for (var j = 1; j <= interior; j++)
        {
            var position = j * (points.Length - 1.0) / (interior + 1);
            var k = int.Min((int)position, points.Length - 2);
            knots[Order + j - 1] = points[k] + ((position - k) * (points[k + 1] - points[k]));
        }

        return knots;
    }

    // The recursion of Cox and de Boor: all B-splines of an order at t; the last interval is closed.
    private static double[] Values(double[] knots, double t, int functions, int order)
    {
        var b = new double[knots.Length - 1];
        var interval = Order - 1;
        while (interval < functions - 1 && t >= knots[interval + 1])
        {
            interval++;
        }

        b[interval] = 1;
        for (var k = 2; k <= order; k++)
        {
            for (var i = 0; i + k < knots.Length; i++)
            {
                var left = knots[i + k - 1] > knots[i] ? (t - knots[i]) / (knots[i + k - 1] - knots[i]) * b[i] : 0;
                var right = knots[i + k] > knots[i + 1] ? (knots[i + k] - t) / (knots[i + k] - knots[i + 1]) * b[i + 1] : 0;
                b[i] = left + right;
            }
        }

        return b[..(knots.Length - order)];
    }

    // Twice B_i,k' = (k - 1) (B_i,k-1 / (t_i+k-1 - t_i) - B_i+1,k-1 / (t_i+k - t_i+1)).
    private static double[] SecondDerivatives(double[] knots, double t, int functions)
    {
        var values = Values(knots, t, functions, Order - 2);
        for (var k = Order - 1; k <= Order; k++)
        {
            var next = new double[knots.Length - k];
            for (var i = 0; i < next.Length; i++)
            {
                var (a, b) = (knots[i + k - 1] - knots[i], knots[i + k] - knots[i + 1]);
                next[i] = (k - 1) * ((a > 0 ? values[i] / a : 0) - (b > 0 ? values[i + 1] / b : 0));
            }

            values = next;
        }

        return values;
    }

    private static double[][] Householder(double[] first, double[] second)
    {
        var v = Reflector(first, 0);
        Reflect(v, second);
        return [v, Reflector(second, 1)];
    }

    private static double[] Reflector(double[] column, int from)
    {
        var v = (double[])column.Clone();
        Array.Clear(v, 0, from);
        var norm = double.Sqrt(v.Sum(a => a * a));
        v[from] += double.CopySign(norm, v[from]);
        return v;
    }

    private static void Reflect(double[] v, double[] row)
    {
        double dot = 0, square = 0;
        for (var i = 0; i < v.Length; i++)
        {
            dot += v[i] * row[i];
            square += v[i] * v[i];
        }

        for (var i = 0; i < v.Length && square > 0; i++)
        {
            row[i] -= 2 * dot / square * v[i];
        }
    }
}
