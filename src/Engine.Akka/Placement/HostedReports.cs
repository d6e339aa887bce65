using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// What nodes report of themselves to the store, read where placement is decided: what each hosts, and what it cannot serve. Akka does not
/// forget where an actor was placed when the actor has ended; what no report names for a while is free again. Not thread-safe.
/// </summary>
/// <param name="meeting">Where the reports are.</param>
/// <param name="cannotServe">Whether a node cannot serve an actor.</param>
/// <param name="now">A clock.</param>
internal sealed class HostedReports(IMeetingPlace meeting, Func<NodeEntry, ActorAddress, bool>? cannotServe, Func<TimeSpan> now)
{
    /// <summary>An actor that is not among those hosted for so long has ended: an activation is reported far sooner.</summary>
    private static readonly TimeSpan Ended = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan ReadPause = TimeSpan.FromMilliseconds(500);

    /// <summary>A store that does not answer for so long holds up no placement.</summary>
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(1);

    /// <summary>A report that is older says nothing of now.</summary>
    private const double FreshSeconds = 3;

    private readonly Dictionary<ActorAddress, (string Member, TimeSpan Since)> _absent = [];
    private Dictionary<string, (NodeEntry Node, HashSet<string> Actors)> _nodes = [];
    private Task<IReadOnlyList<NodeEntry>>? _reading;
    private TimeSpan _readAt = TimeSpan.MinValue;
    private bool _isKnown;

    /// <summary>
    /// Reads the reports, unless they have just been read. When the store does not answer, what nodes cannot serve stays as it was known,
    /// and nothing is taken to have ended.
    /// </summary>
    public async Task Read()
    {
        if (_readAt != TimeSpan.MinValue && now() - _readAt < ReadPause)
        {
            return;
        }

        _readAt = now();
        // One question at a time: of one that has hung for long the answer is old news.
        var isLate = _reading is not null;
        try
        {
            _reading ??= meeting.Nodes();
            var entries = await _reading.WaitAsync(isLate ? TimeSpan.Zero : ReadLimit).ConfigureAwait(false);
            _reading = null;
            _isKnown = !isLate;
            if (_isKnown)
            {
                _nodes = entries
                    .Where(node => node.SeenSecondsAgo < FreshSeconds && NodePlace.Parse(node.Address) is not null)
                    .GroupBy(node => NodePlace.Parse(node.Address)!.Value.Member, StringComparer.Ordinal)
                    .ToDictionary(
                        group => group.Key, group => WithActors(group.MinBy(node => node.SeenSecondsAgo)!), StringComparer.Ordinal);
            }
        }
        catch (TimeoutException) when (_reading?.IsCompleted is false)
        {
            _isKnown = false;
        }
        catch (Exception error) when (error is ClusterStoreException or TimeoutException)
        {
            (_reading, _isKnown) = (null, false);
        }
    }

    /// <summary>Whether a member can serve an actor, as far as it has said.</summary>
    public bool CanServe(string member, ActorAddress actor) =>
        cannotServe is null || !_nodes.TryGetValue(member, out var known) || !cannotServe(known.Node, actor);

    /// <summary>Takes note of what is placed where; the actors that have ended.</summary>
    public IReadOnlyList<ActorAddress> EndedOf(IEnumerable<(string Member, ActorAddress Actor)> placed)
    {
        var time = now();
        var (ended, seen) = (new List<ActorAddress>(), new HashSet<ActorAddress>());
        foreach (var (member, actor) in placed)
        {
            if (!_isKnown || !_nodes.TryGetValue(member, out var known) || known.Actors.Contains(actor.ToString()))
            {
                continue;
            }

            seen.Add(actor);
            if (!_absent.TryGetValue(actor, out var absent) || absent.Member != member)
            {
                _absent[actor] = (member, time);
            }
            else if (time - absent.Since > Ended)
            {
                ended.Add(actor);
            }
        }

        foreach (var actor in _absent.Keys.Where(actor => !seen.Contains(actor)).ToList())
        {
            _absent.Remove(actor);
        }

        return ended;
    }

    /// <summary>Whether an actor is known to have ended where it was placed.</summary>
    public bool HasEnded(ActorAddress actor) => _absent.TryGetValue(actor, out var absent) && now() - absent.Since > Ended;

    private static (NodeEntry Node, HashSet<string> Actors) WithActors(NodeEntry node) =>
        (node, node.Actors.ToHashSet(StringComparer.Ordinal));
}
