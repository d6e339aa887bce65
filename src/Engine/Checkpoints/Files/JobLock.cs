using System.Diagnostics;

namespace FitCluster.Engine;

/// <summary>
/// One process, and one request in it, at a time: an exclusive lock on a file (flock on Unix), which the operating system gives up when the
/// holder dies. The file stays; it holds nothing.
/// </summary>
internal static class JobLock
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<IDisposable> Take(string path, CancellationToken cancellation, TimeSpan? patience = null)
    {
        var limit = patience ?? Patience;
        var since = Stopwatch.GetTimestamp();
        for (var wait = 1; ; wait = int.Min(2 * wait, 25))
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0);
            }
            catch (IOException error) when (IsHeld(error))
            {
                if (limit != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(since) > limit)
                {
                    throw new IOException($"another process has held the lock {path} for {limit.TotalSeconds:0} seconds", error);
                }
            }

            await Task.Delay(wait, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>EWOULDBLOCK of Linux and of macOS, and the sharing violation of Windows.</summary>
    private static bool IsHeld(IOException error) => error.HResult is 11 or 35 or unchecked((int)0x80070020);
}
