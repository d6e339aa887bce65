namespace FitCluster.Math.Numerics;

/// <summary>The step that maximizes a quadratic model of at most 3 variables inside a ball.</summary>
internal static class TrustRegion
{
    /// <summary>The number of variables.</summary>
    public const int Size = 3;

    /// <summary>
    /// Maximizes g'd + d'H d / 2 over |d| &lt;= radius in the variables that are free (the others get 0). H is symmetric, row-major 3 x 3.
    /// </summary>
    /// <returns>The predicted gain, &gt;= 0, and whether H is negative definite on the free variables.</returns>
    public static (double Gain, bool Concave) Step(
        ReadOnlySpan<double> gradient, ReadOnlySpan<double> hessian, ReadOnlySpan<bool> free, double radius, Span<double> step)
    {
        Span<double> a = stackalloc double[Size * Size];
        Span<double> vectors = stackalloc double[Size * Size];
        Span<double> along = stackalloc double[Size];
        for (var i = 0; i < Size; i++)
        {
            for (var j = 0; j < Size; j++)
            {
                // A variable that is not free gets curvature 1 and gradient 0: it does not move.
                a[(i * Size) + j] = free[i] && free[j] ? -hessian[(i * Size) + j] : i == j ? 1 : 0;
            }
        }

        Diagonalize(a, vectors);
        var least = double.PositiveInfinity;
        var largest = 0.0;
        for (var k = 0; k < Size; k++)
        {
            var eigenvalue = a[(k * Size) + k];
            least = double.Min(least, eigenvalue);
            largest = double.Max(largest, double.Abs(eigenvalue));
            along[k] = 0;
            for (var i = 0; i < Size; i++)
            {
                along[k] += free[i] ? vectors[(i * Size) + k] * gradient[i] : 0;
            }
        }

        var concave = least > 1e-12 * largest;
        var shift = concave && Length(a, along, 0) <= radius ? 0 : Shift(a, along, radius, least, largest);
        step.Clear();
        var gain = 0.0;
        for (var k = 0; k < Size; k++)
        {
            var d = along[k] / (a[(k * Size) + k] + shift);
            gain += d * (along[k] - (0.5 * d * a[(k * Size) + k]));
            for (var i = 0; i < Size; i++)
            {
                step[i] += free[i] ? vectors[(i * Size) + k] * d : 0;
            }
        }

        return (gain, concave);
    }

    // The shift at which the step's length is the radius (or the smallest that makes the model concave), by bisection.
    private static double Shift(ReadOnlySpan<double> a, ReadOnlySpan<double> along, double radius, double least, double largest)
    {
        var low = double.Max(0, -least) + (1e-10 * largest) + double.Epsilon;
        if (Length(a, along, low) <= radius)
        {
            return low;
        }

        var norm = double.Sqrt((along[0] * along[0]) + (along[1] * along[1]) + (along[2] * along[2]));
        var high = low + (norm / radius);
        for (var k = 0; k < 60 && high - low > 1e-6 * high; k++)
        {
            var middle = 0.5 * (low + high);
            (low, high) = Length(a, along, middle) > radius ? (middle, high) : (low, middle);
        }

        return high;
    }

    private static double Length(ReadOnlySpan<double> a, ReadOnlySpan<double> along, double shift)
    {
        var sum = 0.0;
        for (var k = 0; k < Size; k++)
        {
            var d = along[k] / (a[(k * Size) + k] + shift);
            sum += d * d;
        }

        return double.Sqrt(sum);
    }

    // Cyclic Jacobi rotations: a becomes diagonal, the columns of vectors are the eigenvectors.
    private static void Diagonalize(Span<double> a, Span<double> vectors)
    {
        vectors.Clear();
        for (var i = 0; i < Size; i++)
        {
            vectors[(i * Size) + i] = 1;
        }

        for (var sweep = 0; sweep < 12; sweep++)
        {
            for (var p = 0; p < Size; p++)
            {
                for (var q = p + 1; q < Size; q++)
                {
                    Rotate(a, vectors, p, q);
                }
            }
        }
    }

    private static void Rotate(Span<double> a, Span<double> vectors, int p, int q)
    {
        var off = a[(p * Size) + q];
        if (double.Abs(off) <= 1e-300)
        {
            return;
        }

        var theta = (a[(q * Size) + q] - a[(p * Size) + p]) / (2 * off);
        var t = (theta >= 0 ? 1 : -1) / (double.Abs(theta) + double.Sqrt((theta * theta) + 1));
        var c = 1 / double.Sqrt((t * t) + 1);
        var s = t * c;
        for (var k = 0; k < Size; k++)
        {
            var (x, y) = (a[(k * Size) + p], a[(k * Size) + q]);
            (a[(k * Size) + p], a[(k * Size) + q]) = ((c * x) - (s * y), (s * x) + (c * y));
        }

        for (var k = 0; k < Size; k++)
        {
            var (x, y) = (a[(p * Size) + k], a[(q * Size) + k]);
            (a[(p * Size) + k], a[(q * Size) + k]) = ((c * x) - (s * y), (s * x) + (c * y));
            (x, y) = (vectors[(k * Size) + p], vectors[(k * Size) + q]);
            (vectors[(k * Size) + p], vectors[(k * Size) + q]) = ((c * x) - (s * y), (s * x) + (c * y));
        }

        a[(p * Size) + q] = 0;
        a[(q * Size) + p] = 0;
    }
}
