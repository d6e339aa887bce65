using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace FitCluster.Data;

/// <summary>The http(s) URL of data. In words it has neither user and password nor the query, which may be a signature.</summary>
public sealed partial class DataUrl
{
    private readonly Uri _uri;

    private DataUrl(Uri uri, AuthenticationHeaderValue? credentials) => (_uri, Credentials) = (uri, credentials);

    /// <summary>What is asked for: without user and password, with the query.</summary>
    internal Uri Uri => _uri;

    /// <summary>The user and password of the URL, as a request carries them; null without.</summary>
    internal AuthenticationHeaderValue? Credentials { get; }

    /// <summary>The last part of the path; "data" where there is none.</summary>
    internal string FileName => Uri.UnescapeDataString(_uri.AbsolutePath.TrimEnd('/')) is var path &&
        path.LastIndexOf('/') is >= 0 and var slash && slash + 1 < path.Length
        ? path[(slash + 1)..]
        : "data";

    /// <summary>Whether a text is a URL, of whatever scheme, and not a path.</summary>
    public static bool IsUrl(string text) => Scheme().IsMatch(text);

    /// <summary>Reads a URL.</summary>
    /// <exception cref="DataException">It is none, or not of http or https.</exception>
    public static DataUrl Parse(string text)
    {
        var scheme = Scheme().Match(text).Groups[1].Value.ToLowerInvariant();
        if (scheme is not ("http" or "https"))
        {
            throw new DataException(
                $"data cannot be read by {(scheme.Length > 0 ? scheme : "such a")} URL; give a path, or a URL of http or https (of an " +
                "object storage: a public or a presigned one)");
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            // The text is not repeated: there may be a password in it.
            throw new DataException("the URL of the data is not of the form http(s)://host/path; correct it");
        }

        var credentials = uri.UserInfo.Length == 0 ? null
            : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(uri.UserInfo))));
        var bare = new UriBuilder(uri) { UserName = "", Password = "", Fragment = "" }.Uri;
        return new DataUrl(bare, credentials);
    }

    /// <summary>A path or a URL as it may be shown.</summary>
    public static string Show(string pathOrUrl) => !IsUrl(pathOrUrl) ? pathOrUrl
        : Uri.TryCreate(pathOrUrl, UriKind.Absolute, out _) ? Parse(pathOrUrl).ToString()
        : "the URL";

    /// <summary>A file in the folder this URL is; the query stays, as it may be the right to read all of the folder.</summary>
    public DataUrl Child(string name) =>
        new(new UriBuilder(_uri) { Path = _uri.AbsolutePath.TrimEnd('/') + "/" + name }.Uri, Credentials);

    /// <inheritdoc/>
    public override string ToString() => _uri.GetLeftPart(UriPartial.Path) + (_uri.Query.Length > 0 ? "?..." : "");

    [GeneratedRegex("^([A-Za-z][A-Za-z0-9+.-]*)://")]
    private static partial Regex Scheme();
}
