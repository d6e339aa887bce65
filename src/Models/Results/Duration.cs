using System.Globalization;

namespace FitCluster.Models.Results;

/// <summary>A time in words.</summary>
internal static class Duration
{
    /// <summary>Seconds, minutes or hours, as it suits the size.</summary>
    public static string Words(double seconds) => seconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{seconds:F1} s"),
        < 90 => string.Create(CultureInfo.InvariantCulture, $"{seconds:F0} s"),
        < 5400 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:F0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:F1} h"),
    };
}
