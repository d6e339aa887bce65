namespace FitCluster.Math.Numerics;

/// <summary>Lengths and arrays up to a whole number of vectors.</summary>
internal static class Padding
{
    /// <summary>The least multiple of <paramref name="lanes"/> that is not below a count.</summary>
    public static int To(int count, int lanes = 4) => (count + lanes - 1) / lanes * lanes;

    /// <summary>A copy with ones up to a full vector of 4.</summary>
    public static double[] WithOnes(ReadOnlySpan<double> x)
    {
        var padded = new double[To(x.Length)];
        x.CopyTo(padded);
        padded.AsSpan(x.Length).Fill(1);
        return padded;
    }

    /// <summary>Rows of a length, one after another, from rows that are padded to full vectors of 4.</summary>
    public static double[] Without(double[] padded, int rows, int length)
    {
        var (values, stride) = (new double[rows * length], To(length));
        for (var i = 0; i < rows; i++)
        {
            padded.AsSpan(i * stride, length).CopyTo(values.AsSpan(i * length));
        }

        return values;
    }
}
