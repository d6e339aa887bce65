namespace FitCluster.Models.Spec;

/// <summary>The nearest of the names that exist, for a name that does not.</summary>
internal static class Nearest
{
    /// <summary>": did you mean 'x'?" when one is near; otherwise what there is.</summary>
    public static string Suggest(string name, IEnumerable<string> existing)
    {
        var names = existing.ToList();
        var best = Find(name, names);
        return best is not null ? $": did you mean '{best}'?" : $" (there are: {string.Join(", ", names)})";
    }

    /// <summary>The nearest name, or null when none is near.</summary>
    public static string? Find(string name, IEnumerable<string> existing)
    {
        var wanted = Plain(name);
        string? best = null;
        var least = int.Max(2, wanted.Length / 3) + 1;
        foreach (var candidate in existing)
        {
            var plain = Plain(candidate);
            var distance = Distance(wanted, plain);
            // What begins like it, as "point_norm" or "unimodal_pos", is near as well.
            if (wanted.Length >= 3 && plain.StartsWith(wanted, StringComparison.Ordinal))
            {
                distance = int.Min(distance, 2);
            }

            if (distance < least && distance < int.Max(wanted.Length, plain.Length))
            {
                (best, least) = (candidate, distance);
            }
        }

        return best;
    }

    /// <summary>The number of insertions, deletions, replacements and swaps of neighbours that turn one text into the other.</summary>
    public static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            d[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            d[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var change = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = int.Min(change, int.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = int.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }

    private static string Plain(string name) =>
        new([.. name.Where(c => c is not ('_' or '-' or ' ')).Select(char.ToLowerInvariant)]);
}
