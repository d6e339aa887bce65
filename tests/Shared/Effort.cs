using Xunit;

namespace FitCluster.Tests;

/// <summary>How much is repeated: more seeds, rounds, kills and jobs under ./test --long.</summary>
internal static class Effort
{
    /// <summary>A trait of classes that need services, many processes or patience: ./test quick leaves them out.</summary>
    public const string Quick = "Quick";

    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("FITCLUSTER_LONG") == "1";

    /// <summary>The number for ./test, or that for ./test --long.</summary>
    public static int Of(int usual, int whenLong) => IsLong ? whenLong : usual;

    /// <summary>Skips the running test, saying so, unless this is ./test --long.</summary>
    public static void OnlyLong() => Assert.SkipUnless(IsLong, "only with ./test --long");

    /// <inheritdoc cref="Of(int, int)"/>
    public static ulong Of(ulong usual, ulong whenLong) => IsLong ? whenLong : usual;
}
