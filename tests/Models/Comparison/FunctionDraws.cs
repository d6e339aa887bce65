namespace FitCluster.Models.Tests.Comparison;

/// <summary>Draws that are a function of their number.</summary>
/// <param name="a">(draw, column) to the first group's logarithm.</param>
/// <param name="b">The second's.</param>
internal sealed class FunctionDraws(Func<int, int, double> a, Func<int, int, double> b) : IGroupDraws
{
    /// <inheritdoc/>
    public void Fill(int number, Span<double> first, Span<double> second)
    {
        for (var j = 0; j < first.Length; j++)
        {
            (first[j], second[j]) = (a(number, j), b(number, j));
        }
    }
}
