using Akka.Actor;
using Akka.Coordination;
using Akka.Util;

namespace FitCluster.Engine;

/// <summary>
/// The lease by which Akka's split-brain resolver decides which part of a torn cluster goes on: a row in the store, which runs out by the
/// store's clock. Made by Akka.
/// </summary>
internal sealed class StoreLease : Lease
{
    private readonly IMeetingPlace _meeting;
    private readonly AtomicReference<Timer?> _renewal = new(null);
    private volatile bool _isHeld;
    private int _isRenewing;
    private Action<Exception?>? _lost;

    public StoreLease(LeaseSettings settings, ExtendedActorSystem system)
        : base(settings)
    {
        _meeting = system.Settings.Setup.Get<MeetingSetup>().Value.Meeting;
        system.RegisterOnTermination(() => _renewal.GetAndSet(null)?.Dispose());
    }

    private TimeSpan Validity => Settings.TimeoutSettings.HeartbeatTimeout;

    /// <inheritdoc/>
    public override Task<bool> Acquire() => Acquire(null!);

    /// <inheritdoc/>
    public override async Task<bool> Acquire(Action<Exception> leaseLostCallback)
    {
        _isHeld = await Take().ConfigureAwait(false);
        if (_isHeld)
        {
            _lost = leaseLostCallback!;
            var pause = Settings.TimeoutSettings.HeartbeatInterval;
            _renewal.GetAndSet(new Timer(_ => _ = Renew(), null, pause, pause))?.Dispose();
        }

        return _isHeld;
    }

    /// <inheritdoc/>
    public override async Task<bool> Release()
    {
        _isHeld = false;
        _renewal.GetAndSet(null)?.Dispose();
        return await _meeting.ReleaseLease(Settings.LeaseName, Settings.OwnerName)
            .WaitAsync(Settings.TimeoutSettings.OperationTimeout).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override bool CheckLease() => _isHeld;

    /// <summary>A store that hangs is one that is away: who decides waits no longer.</summary>
    private Task<bool> Take() => _meeting.TakeLease(Settings.LeaseName, Settings.OwnerName, Validity)
        .WaitAsync(Settings.TimeoutSettings.OperationTimeout);

    private async Task Renew()
    {
        if (Interlocked.Exchange(ref _isRenewing, 1) != 0)
        {
            return;
        }

        Exception? why = null;
        try
        {
            if (!_isHeld || await Take().ConfigureAwait(false))
            {
                return;
            }
        }
        catch (Exception error) when (error is ClusterStoreException or TimeoutException)
        {
            why = error;
        }
        finally
        {
            Volatile.Write(ref _isRenewing, 0);
        }

        if (_isHeld)
        {
            _isHeld = false;
            _renewal.GetAndSet(null)?.Dispose();
            _lost?.Invoke(why);
        }
    }
}
