using RabbitMQ.Client;

namespace FitCluster.Engine;

/// <summary>
/// The acknowledgements of one channel, and its end, one after the other: one that reached the broker behind the end of its channel would
/// end the whole connection.
/// </summary>
internal sealed class Acknowledgements(IChannel channel)
{
    private readonly Lock _lock = new();
    private Task _last = Task.CompletedTask;
    private bool _isClosed;

    /// <summary>
    /// Acknowledges a message; one that comes after the end is dropped, and its message comes again to whoever has the mailbox next.
    /// </summary>
    public Task Add(ulong deliveryTag) => Next(() => channel.BasicAckAsync(deliveryTag, multiple: false).AsTask());

    /// <summary>Closes the channel behind all that came before.</summary>
    public Task Close() => Next(
        async () =>
        {
            if (channel.IsOpen)
            {
                await channel.CloseAsync().ConfigureAwait(false);
            }
        },
        isEnd: true);

    private Task Next(Func<Task> work, bool isEnd = false)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return isEnd ? _last : Task.CompletedTask;
            }

            _isClosed = isEnd;
            return _last = Run(_last, work);
        }
    }

    private static async Task Run(Task before, Func<Task> work)
    {
        // Whoever asked for the one before hears of its failure.
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await work().ConfigureAwait(false);
    }
}
