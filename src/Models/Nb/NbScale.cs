using System.Text.Json;
using FitCluster.Messages;
using FitCluster.Models.Results;

namespace FitCluster.Models.Nb;

/// <summary>
/// The posterior of a hierarchy's scale, with words. Scales are standard deviations of unconstrained coordinates: with the exp link of
/// logarithms, so that 0.1 is a typical difference of 10 %.
/// </summary>
/// <param name="Target">What it is of, as in "mean_datasets".</param>
/// <param name="Mean">The posterior mean.</param>
/// <param name="Low">The 5 % quantile.</param>
/// <param name="High">The 95 % quantile.</param>
internal readonly record struct NbScale(string Target, double Mean, double Low, double High)
{
    /// <summary>What arrays of scales begin with; each has mean, 5 % and 95 % quantile.</summary>
    public const string Prefix = "scale_";

    // Below it even 95 % say that members differ by less than 10 %; above it, that they hardly tell of each other.
    private const double NearZero = 0.1;
    private const double Large = 1;

    /// <summary>The scales among a coordinator's results.</summary>
    public static IEnumerable<NbScale> Of(ArraySet global) =>
        from array in global
        where array.Name.StartsWith(Prefix, StringComparison.Ordinal) && array.Values.Length == 3
        select new NbScale(array.Name[Prefix.Length..], array.Values[0], array.Values[1], array.Values[2]);

    /// <summary>near zero, moderate or large, with what that means.</summary>
    public string Words => High < NearZero ? "near zero: most members are alike"
        : Low > Large ? "large: members hardly tell of each other"
        : Low < NearZero && High > Large ? "not told by these data"
        : "moderate: members share, and differ";

    /// <summary>Writes it as an object.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject(Target);
        writer.Number("mean", Mean);
        writer.Number("low", Low);
        writer.Number("high", High);
        writer.WriteString("words", Words);
        writer.WriteEndObject();
    }
}
