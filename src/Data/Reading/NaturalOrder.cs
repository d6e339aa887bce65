namespace FitCluster.Data.Reading;

/// <summary>
/// Ids in the order a reader expects: runs of digits by their number, the rest by code unit; so 2 before 10 and r2 before r10.
/// </summary>
internal sealed class NaturalOrder : IComparer<string>
{
    public static NaturalOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var (i, j) = (0, 0);
        while (i < x!.Length && j < y!.Length)
        {
            if (!char.IsAsciiDigit(x[i]) || !char.IsAsciiDigit(y[j]))
            {
                if (x[i] != y[j])
                {
                    return x[i].CompareTo(y[j]);
                }

                (i, j) = (i + 1, j + 1);
                continue;
            }

            var a = Digits(x, ref i);
            var b = Digits(y, ref j);
            var order = a.Length != b.Length ? a.Length.CompareTo(b.Length) : a.SequenceCompareTo(b);
            if (order != 0)
            {
                return order;
            }
        }

        var left = (x.Length - i).CompareTo(y!.Length - j);
        return left != 0 ? left : string.CompareOrdinal(x, y);
    }

    private static ReadOnlySpan<char> Digits(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return text.AsSpan(start, at - start).TrimStart('0');
    }
}
