using System.Net;

namespace FitCluster.Data.Remote;

/// <summary>A request that failed: what is said of the URL, and whether it may pass.</summary>
internal sealed class RemoteFailure(string words, bool isPassing, HttpStatusCode? status = null, Exception? inner = null)
    : Exception(words, inner)
{
    public bool IsPassing => isPassing;

    /// <summary>
    /// Whether there is nothing at the URL, or nothing that it lets one see: object storage answers 403
    /// where it may not say that there is nothing.
    /// </summary>
    public bool IsAbsence => status is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Forbidden;

    /// <summary>What a status means that is no success.</summary>
    public static RemoteFailure Of(HttpStatusCode status, string? phrase)
    {
        var shown = $"{(int)status}{(string.IsNullOrEmpty(phrase) ? "" : " " + phrase)}";
        return status switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new($"is not there ({shown}); check the URL", false, status),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(
                $"may not be read ({shown}); make it public, give a presigned URL that has not run out, or user:password@ before the host",
                false, status),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests =>
                new($"is not to be had at the moment ({shown}); try again later", true, status),
            _ when (int)status >= 500 =>
                new($"is not to be had at the moment ({shown}); look at its server, or try again later", true, status),
            _ => new($"could not be read: its server answered {shown}; check the URL", false, status),
        };
    }

    /// <summary>What an exception of the client means.</summary>
    public static RemoteFailure Of(Exception error, DataUrl url) => error switch
    {
        RemoteFailure failure => failure,
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } =>
            new($"cannot be reached: the host '{url.Uri.Host}' is not known", true, null, error),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
            new($"cannot be trusted: {Last(error)}", false, null, error),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } =>
            new($"cannot be reached: {Last(error)}; is its server running, and the URL right?", true, null, error),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } =>
            new("gave an answer that is not HTTP; check the URL's scheme and port", false, null, error),
        _ => new($"broke off: {Last(error)}", true, null, error),
    };

    private static string Last(Exception error) => error.GetBaseException().Message.ReplaceLineEndings(" ").TrimEnd('.');
}
