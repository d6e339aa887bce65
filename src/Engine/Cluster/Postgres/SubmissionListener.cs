using System.Net.Sockets;
using Npgsql;

namespace FitCluster.Engine;

/// <summary>
/// Listens, on a connection of its own, for what tells of submissions, and counts: the times it was told, and the times it connected, since
/// what was told while it was not connected is lost.
/// </summary>
internal sealed class SubmissionListener : IAsyncDisposable
{
    public const string Channel = "fitcluster_submissions";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _source;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _listening;
    private readonly Lock _lock = new();
    private TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _number;

    public SubmissionListener(NpgsqlDataSource source)
    {
        _source = source;
        _listening = Task.Run(Listen);
    }

    /// <summary>Waits until the count is another than the one seen, and returns it; what was seen when the time is over.</summary>
    public async Task<long> Wait(long seen, TimeSpan atMost, CancellationToken cancellation)
    {
        Task told;
        lock (_lock)
        {
            if (_number != long.Max(seen, 0))
            {
                return _number;
            }

            told = _told.Task;
        }

        try
        {
            await told.WaitAsync(atMost, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return seen;
        }

        lock (_lock)
        {
            return _number;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _listening.ConfigureAwait(false);
        Tell();
        _ending.Dispose();
    }

    private async Task Listen()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await using var connection = await _source.OpenConnectionAsync(_ending.Token).ConfigureAwait(false);
                await using (var command = new NpgsqlCommand($"LISTEN {Channel}", connection))
                {
                    await command.ExecuteNonQueryAsync(_ending.Token).ConfigureAwait(false);
                }

                while (true)
                {
                    Tell();
                    await connection.WaitAsync(_ending.Token).ConfigureAwait(false);
                }
            }
            catch (Exception error) when (
                error is NpgsqlException or TimeoutException or SocketException or IOException or InvalidOperationException
                    or System.Security.Authentication.AuthenticationException or OperationCanceledException)
            {
                // It is tried again: whoever waits looks for itself when the time is over.
                await Task.Delay(Pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Tell()
    {
        lock (_lock)
        {
            _number++;
            _told.SetResult();
            _told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
