using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Cluster;
using FitCluster.Messages;
using IMessage = FitCluster.Messages.IMessage;

namespace FitCluster.Engine;

/// <summary>
/// The actors of this process: what is for one of them is posted to its cell; what is for another goes by the link to the node where it was
/// last heard of; and what is for one of whom nothing is known goes by sharding's region, which finds or places it.
/// </summary>
internal sealed class AkkaHost(ClusterEngineOptions options, ICheckpointStore store)
    : ActorHost(store, options.Threads, options.Failed)
{
    private static readonly ArraySet NoArrays = new();

    private readonly ConcurrentDictionary<ActorAddress, EntityActor> _entities = new();
    private readonly ConcurrentDictionary<string, NodeLink> _links = new(StringComparer.Ordinal);
    private readonly KnownPlaces _places = new();
    private RegionPost? _post;
    private Cluster? _cluster;
    private string _me = "";

    /// <summary>Tests only: how messages between actors of this process go.</summary>
    public Route Route { get; init; } = Route.Shortest;

    /// <summary>The addresses that are hosted here.</summary>
    public IReadOnlyList<ActorAddress> Hosted => [.. _entities.Keys];

    /// <summary>The members to which there is a link.</summary>
    public IEnumerable<string> Linked => _links.Keys;

    private RegionPost Post => LazyInitializer.EnsureInitialized(ref _post, () => new RegionPost(() => Now))!;

    /// <summary>From here on actors may come; what they send waits for <see cref="Begin"/>.</summary>
    public void Prepare(Cluster cluster, string me)
    {
        _me = me;
        Volatile.Write(ref _cluster, cluster);
    }

    /// <summary>From here on messages go.</summary>
    public void Begin(IActorRef region) => Post.Begin(region, _me);

    public bool Accepts(ActorAddress address) =>
        OutsideAddress.IsPossible(address) && (options.Accepts?.Invoke(address) ?? true);

    public void Say(string words) => options.Say?.Invoke(words);

    /// <summary>This node cannot serve these.</summary>
    public void GiveUp(string kind, Func<ActorAddress, bool> which)
    {
        foreach (var (address, entity) in _entities.Where(e => e.Key.Kind == kind && which(e.Key)))
        {
            entity.GiveUp();
        }
    }

    /// <summary>The right to host an actor has come here.</summary>
    public void Begun(ActorAddress address, EntityActor entity)
    {
        _entities[address] = entity;
        _places.Forget(address, _places.Of(address) ?? "");
        foreach (var letter in Post.TakeHeld(address))
        {
            Deliver(letter, entity);
        }
    }

    /// <summary>Letters that wait for an actor that is here.</summary>
    public IReadOnlyList<Letter> HeldFor(ActorAddress address) => Post.TakeHeld(address);

    /// <summary>The right to host an actor has gone.</summary>
    /// <param name="address">The actor.</param>
    /// <param name="entity">What hosted it.</param>
    /// <param name="isMoved">
    /// Whether it comes up elsewhere: then others wake it there, since nobody may be left who has something to say to it.
    /// </param>
    public void Ended(ActorAddress address, EntityActor entity, bool isMoved)
    {
        _entities.TryRemove(new KeyValuePair<ActorAddress, EntityActor>(address, entity));
        if (isMoved && !IsStopped)
        {
            foreach (var link in _links.Values)
            {
                link.Send(LinkItem.Of(LinkItemKind.Moved, address));
            }
        }
    }

    /// <summary>A member is up: a link to it.</summary>
    public void Meet(string member, Func<NodeLink> connect)
    {
        if (!IsStopped && !_links.ContainsKey(member))
        {
            _links[member] = connect();
            if (IsStopped)
            {
                Lose(member);
            }
        }
    }

    /// <summary>A member has gone: its link is ended, and who was there is told of.</summary>
    public IReadOnlyList<ActorAddress> Lose(string member)
    {
        if (_links.TryRemove(member, out var link))
        {
            link.Dispose();
        }

        return _places.Lose(member);
    }

    /// <summary>Wakes an actor wherever it is placed, unless it has been heard of; true when it was woken.</summary>
    public bool Wake(ActorAddress address)
    {
        if (_entities.ContainsKey(address) || _places.Of(address) is not null)
        {
            return false;
        }

        ByRegion(Letter.Wake(address, _me));
        return true;
    }

    public override void Forget(ActorCell cell) => _entities.GetValueOrDefault(cell.Address)?.Idle(cell);

    public override void Stopped(ActorCell cell) => _entities.GetValueOrDefault(cell.Address)?.Stopped(cell);

    public override void Send(ActorAddress to, in Envelope envelope)
    {
        if (IsStopped || _cluster is null ||
            (Route == Route.Shortest && _entities.TryGetValue(to, out var entity) && entity.Post(envelope)))
        {
            return;
        }

        var message = envelope.Message!;
        var letter = new Letter(to, envelope.Sender, _me, LetterFrames.Of(message), envelope.Cause);
        if (Route == Route.Link && _entities.ContainsKey(to))
        {
            // As if it came from another node.
            Arrived(LetterFormat.Read(new LetterSerializer(null!).ToBinary(letter)));
        }
        else if (_places.Of(to) is { } member && _links.TryGetValue(member, out var link))
        {
            ByLink(link, letter, message.GetType().Name);
        }
        else if (!IsHostedAnywhere(to.Kind))
        {
            ReportUnknown(to, message);
        }
        else
        {
            ByRegion(letter);
        }
    }

    /// <summary>Sends the arrays that several actors of another node are to have alike to that node once.</summary>
    public override void SendTogether(IReadOnlyList<(ActorAddress To, Envelope Envelope)> broadcasts)
    {
        // What is for others first: it has the longer way.
        var groups = broadcasts
            .GroupBy(b => Route == Route.Shortest && _entities.ContainsKey(b.To) ? null : _places.Of(b.To))
            .OrderBy(group => group.Key is null);
        foreach (var group in groups)
        {
            var messages = group.ToList();
            var arrays = ((IBroadcast)messages[0].Envelope.Message!).Broadcast;
            if (group.Key is { } member && messages.Count > 1 && _links.TryGetValue(member, out var link) &&
                messages.TrueForAll(m => ((IBroadcast)m.Envelope.Message!).Broadcast == arrays))
            {
                var bare = messages.Select(m => new BundledMessage(
                    m.To, LetterFrames.Of(((IBroadcast)m.Envelope.Message!).With(NoArrays))));
                var (to, first) = messages[0];
                var bundle = LetterFrames.Of(new Bundle(arrays, [.. bare]));
                ByLink(link, new Letter(to, first.Sender, _me, bundle, first.Cause), nameof(Bundle));
            }
            else
            {
                base.SendTogether(messages);
            }
        }
    }

    /// <summary>Something has come by a link.</summary>
    /// <exception cref="FrameException">It is damaged.</exception>
    public void Take(LinkHello sender, LinkItemKind kind, ReadOnlyMemory<byte> bytes)
    {
        var letter = LetterFormat.Read(bytes);
        if (NodePlace.Parse(sender.Place) is not { } place)
        {
            return;
        }

        switch (kind)
        {
            case LinkItemKind.Letter:
                Arrived(letter with { Node = place.Member });
                break;
            case LinkItemKind.Here:
                Heard(letter.To, place.Member);
                break;
            case LinkItemKind.Gone:
                _places.Forget(letter.To, place.Member);
                break;
            case LinkItemKind.Moved:
                _places.Forget(letter.To, place.Member);
                // Its region keeps the letter until sharding has found it another place.
                Wake(letter.To);
                break;
            default:
                throw new FrameException($"an item of the unknown kind {kind} was announced");
        }
    }

    /// <summary>Lets who has sent a letter by the region know where its receiver is.</summary>
    public void TellPlace(Letter letter)
    {
        if (letter.From is { } sender)
        {
            Heard(sender, letter.Node);
        }

        if (_links.TryGetValue(letter.Node, out var link))
        {
            link.Send(LinkItem.Of(LinkItemKind.Here, letter.To));
        }
    }

    /// <summary>Gives a letter to the actor that it is for; false while that closes.</summary>
    public bool Deliver(Letter letter, EntityActor entity) => Guarded(letter, message =>
    {
        ClusterMeters.Received(letter.Frame.Length);
        return entity.Post(new Envelope(message, letter.From, Cause: letter.Cause));
    });

    /// <summary>Sends a letter by sharding's region.</summary>
    public void ByRegion(Letter letter) => Post.Send(letter, _me);

    /// <summary>Ends every link.</summary>
    public void CloseLinks()
    {
        foreach (var member in _links.Keys)
        {
            Lose(member);
        }
    }

    private void Arrived(Letter letter)
    {
        if (letter.From is { } sender)
        {
            Heard(sender, letter.Node);
        }

        ClusterMeters.Received(letter.Frame.Length);
        var message = MessageCodec.Decode(letter.Frame.Span);
        if (message is Bundle bundle)
        {
            foreach (var (to, packed) in bundle.Messages.Select(packed => LetterFrames.Unpack(packed, bundle.Arrays)).ToList())
            {
                Pass(letter with { To = to, Frame = default }, packed);
            }
        }
        else
        {
            Pass(letter, message);
        }
    }

    private void Pass(Letter letter, IMessage message)
    {
        if (!_entities.TryGetValue(letter.To, out var entity) || !entity.Post(new Envelope(message, letter.From, Cause: letter.Cause)))
        {
            Elsewhere(letter.IsEmpty ? letter with { Frame = LetterFrames.Of(message) } : letter);
        }
    }

    /// <summary>A letter came here for an actor that is not here, or no longer: its sender's knowledge is old, and ours may be.</summary>
    private void Elsewhere(Letter letter)
    {
        if (_places.Of(letter.To) is { } member)
        {
            _places.Forget(letter.To, member);
        }

        if (_links.TryGetValue(letter.Node, out var link))
        {
            link.Send(LinkItem.Of(LinkItemKind.Gone, letter.To));
        }

        if (Accepts(letter.To) && !IsStopped)
        {
            ByRegion(letter);
        }
    }

    private void Heard(ActorAddress actor, string member)
    {
        if (member.Length > 0 && member != _me && !_entities.ContainsKey(actor) && _links.TryGetValue(member, out var link))
        {
            // No news, perhaps, and yet something may have begun to wait for it meanwhile.
            _places.Heard(actor, member);
            foreach (var letter in Post.TakeHeld(actor))
            {
                ByLink(link, letter, "message");
            }
        }
    }

    private void ByLink(NodeLink link, Letter letter, string what)
    {
        if (!link.Send(LinkItem.Of(letter)))
        {
            Report(letter.To, new InvalidOperationException(
                $"too much waits for the way to {_places.Of(letter.To)}: " +
                $"a {what} of {letter.Frame.Length} bytes to {letter.To} was dropped"));
        }
    }

    private bool IsHostedAnywhere(string kind) => FactoryOf(kind) is not null ||
        _cluster!.State.Members.Any(member => AkkaSettings.CapacityOf(member.Roles, kind) is > 0);

    /// <summary>Whoever sends nonsense is told of, and no thread ends for it.</summary>
    private bool Guarded(Letter letter, Func<IMessage, bool> use)
    {
        try
        {
            return use(MessageCodec.Decode(letter.Frame.Span));
        }
        catch (FrameException error)
        {
            Report(letter.To, new InvalidOperationException($"a message to {letter.To} was dropped: {error.Message}", error));
            return true;
        }
    }
}
