namespace FitCluster.Math.NegativeBinomial;

/// <summary>Symmetric and lower triangular matrices of a gene's few coordinates, n x n row-major or packed by rows of the lower
/// triangle.</summary>
internal static class SmallMatrix
{
    /// <summary>Numbers of a packed triangle.</summary>
    public static int Packed(int n) => n * (n + 1) / 2;

    /// <summary>Replaces the lower triangle of a by its Cholesky factor (the upper by 0); false, and a is spoilt, if it is not positive
    /// definite.</summary>
    public static bool TryFactor(Span<double> a, int n)
    {
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = a[(i * n) + j];
                for (var k = 0; k < j; k++)
                {
                    sum -= a[(i * n) + k] * a[(j * n) + k];
                }

                if (j < i)
                {
                    a[(i * n) + j] = sum / a[(j * n) + j];
                }
                else if (sum > 0 && double.IsFinite(sum))
                {
                    a[(i * n) + i] = double.Sqrt(sum);
                }
                else
                {
                    return false;
                }
            }

            a.Slice((i * n) + i + 1, n - i - 1).Clear();
        }

        return true;
    }

    /// <summary>The inverse of a lower triangle, in place.</summary>
    public static void InvertLower(Span<double> a, int n)
    {
        for (var i = 0; i < n; i++)
        {
            var pivot = 1 / a[(i * n) + i];
            for (var j = 0; j < i; j++)
            {
                var sum = 0.0;
                for (var k = j; k < i; k++)
                {
                    sum += a[(i * n) + k] * a[(k * n) + j];
                }

                a[(i * n) + j] = -sum * pivot;
            }

            a[(i * n) + i] = pivot;
        }
    }

    /// <summary>result = l l', or l' l where <paramref name="fromInverse"/>, of a lower triangle l.</summary>
    public static void Square(ReadOnlySpan<double> l, int n, bool fromInverse, Span<double> result)
    {
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = 0.0;
                for (var k = fromInverse ? i : 0; k < (fromInverse ? n : j + 1); k++)
                {
                    sum += fromInverse ? l[(k * n) + i] * l[(k * n) + j] : l[(i * n) + k] * l[(j * n) + k];
                }

                result[(i * n) + j] = result[(j * n) + i] = sum;
            }
        }
    }

    /// <summary>A packed triangle as n x n.</summary>
    public static void Unpack(ReadOnlySpan<double> packed, int n, Span<double> full)
    {
        full.Clear();
        for (int i = 0, at = 0; i < n; at += ++i)
        {
            packed.Slice(at, i + 1).CopyTo(full[(i * n)..]);
        }
    }

    /// <summary>The lower triangle of n x n, packed.</summary>
    public static void Pack(ReadOnlySpan<double> full, int n, Span<double> packed)
    {
        for (int i = 0, at = 0; i < n; at += ++i)
        {
            full.Slice(i * n, i + 1).CopyTo(packed[at..]);
        }
    }

    /// <summary>result = a x.</summary>
    public static void Multiply(ReadOnlySpan<double> a, ReadOnlySpan<double> x, int n, Span<double> result)
    {
        for (var i = 0; i < n; i++)
        {
            var sum = 0.0;
            for (var j = 0; j < n; j++)
            {
                sum += a[(i * n) + j] * x[j];
            }

            result[i] = sum;
        }
    }

    /// <summary>x' a y.</summary>
    public static double Form(ReadOnlySpan<double> a, ReadOnlySpan<double> x, ReadOnlySpan<double> y, int n)
    {
        var sum = 0.0;
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                sum += x[i] * a[(i * n) + j] * y[j];
            }
        }

        return sum;
    }

    /// <summary>tr(a b) of symmetric matrices.</summary>
    public static double Trace(ReadOnlySpan<double> a, ReadOnlySpan<double> b) => System.Numerics.Tensors.TensorPrimitives.Dot(a, b);
}
