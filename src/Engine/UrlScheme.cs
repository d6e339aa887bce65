namespace FitCluster.Engine;

/// <summary>What a URL begins with, by which engines and stores are chosen.</summary>
internal static class UrlScheme
{
    /// <summary>Whether a text is a URL of one of these schemes (in lower case); what is no URL is of none.</summary>
    public static bool IsOneOf(string text, IReadOnlyList<string> schemes) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && schemes.Contains(uri.Scheme);
}
