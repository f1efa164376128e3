import AnomalyDetection

extension ConfigurationKey {
    /// The keys that every stream may have its own values for. The ranges are those of the settings' own comments.
    static let streamGroups: [ConfigurationGroup] = [modelGroup, scoreGroup, storageGroup]

    /// Path of the key by which streams share a network.
    static let sharing = "model.sharing"

    private static let modelGroup = ConfigurationGroup(
        name: "model", heading: "The network of each stream and how it learns.",
        keys: [
            ConfigurationKey(
                "model.cell", stream: \.detector.model.cell, .choice,
                "Recurrent cell of the network.",
                choosing: "\"gru\" has three quarters of the weights of \"lstm\" and usually learns as much; "
                    + "\"rnn\" is cheapest, but forgets soonest."),
            ConfigurationKey(
                "model.hidden", stream: \.detector.model.hidden, .integer(1...1024), unit: "units",
                "Units in each recurrent layer.",
                choosing: "more for long or mixed patterns; the cost grows with the square. Multiples of 8 are fastest."
            ),
            ConfigurationKey(
                "model.layers", stream: \.detector.model.layers, .integer(1...8), unit: "layers",
                "Recurrent layers, one above the other.",
                choosing: "one, unless a second one shows its worth on your data; more units usually help sooner."),
            ConfigurationKey(
                "model.attention", stream: \.detector.model.attention, .integer(0...512), unit: "states",
                "Recent hidden states that attention looks back on, the current one among them; 0: no attention.",
                choosing: "8 to 32 where a cause lies some points before its effect; it costs about twice the time."),
            ConfigurationKey(
                "model.attention_scale", stream: \.detector.model.attentionScale, .choice,
                "What attention's products are multiplied by: 1 / √d, or nothing.",
                choosing: "leave it; without it, large products leave one state all the weight."),
            ConfigurationKey(
                "model.k1", stream: \.detector.model.k1, .integer(1...4096), unit: "points",
                "Points between two training steps (k1 of truncated back-propagation through time); at most k2.",
                choosing: "smaller learns faster and costs more: k2 ÷ k1 backward steps per point."),
            ConfigurationKey(
                "model.k2", stream: \.detector.model.k2, .integer(1...4096), unit: "points",
                "Points that a training step goes back (k2 of truncated back-propagation through time).",
                choosing: "as far as a cause may lie before its effect; the state remembers longer, but what to "
                    + "remember is learned only within this distance."),
            ConfigurationKey(
                "model.learning_rate", stream: \.detector.model.learningRate, .number(above: 0, through: 1),
                "Step size of the optimiser.",
                choosing: "higher adapts sooner and forgets sooner; lower it if predictions jump about."),
            ConfigurationKey(
                "model.optimiser", stream: \.detector.model.optimiser, .choice,
                "The rule that turns gradients into steps.",
                choosing: "\"adam\" suits almost every stream; \"sgd\" needs a learning rate chosen for it."),
            ConfigurationKey(
                "model.loss", stream: \.detector.model.loss, .choice,
                "What training makes small.",
                choosing: "\"huber\" is not carried away by outliers; \"mse\" weighs large errors more; \"gaussian\" "
                    + "learns the spread along with the value, and weighs errors by it."),
            ConfigurationKey(
                "model.clip", stream: \.detector.model.clip, .number(0...1000),
                "Largest norm of a gradient (or component, see clip_by); 0 switches clipping off.",
                choosing: "leave it; without clipping, one exploding gradient can ruin a model."),
            ConfigurationKey(
                "model.clip_by", stream: \.detector.model.clipBy, .choice,
                "What clip limits: the length of the whole gradient, or each of its components.",
                choosing: "\"norm\" keeps the gradient's direction."),
            ConfigurationKey(
                "model.initialisation", stream: \.detector.model.initialisation, .choice,
                "How the weights of a new network are drawn.",
                choosing: "\"xavier\", or \"orthogonal\" for a large k2. \"normal\" is there for comparison only."),
            ConfigurationKey(
                "model.forget_bias", stream: \.detector.model.forgetBias, .number(-10...10),
                "Added to the forget gate of a new LSTM: how much of its state it keeps before it has learned.",
                choosing: "leave it; 0 is the textbook's cell, which forgets half of its state at each point."),
            ConfigurationKey(
                "model.initial", stream: \.initialModel, .initialModel,
                "The first weights of new streams: \"shipped\" for those that are part of the program (for streams of "
                    + "one channel with the default network; others begin with random ones), or a safetensors file: "
                    + "one of anomalyctl's, or a state_dict of PyTorch's. In a configuration file, a path that does "
                    + "not begin with / counts from its folder.",
                choosing: "leave it; a file trained on similar series predicts well from the start; \"\" for random "
                    + "weights."),
            ConfigurationKey(
                "model.target", stream: \.detector.model.target, .choice,
                "What the network predicts: the change from the last value, or the value itself.",
                choosing: "\"change\" starts from \"as before\"; \"value\" for streams without memory, such as noise "
                    + "about a level."),
            ConfigurationKey(
                "model.time_zone", stream: \.detector.model.timeZone, .timeZone,
                "Time zone of the stream's days and weeks.",
                choosing: "that of the people (or the cron) behind the numbers; it matters where clocks change."),
            ConfigurationKey(
                "model.input_calendar", stream: \.detector.model.inputCalendar, .boolean,
                "Whether the network sees the time of day and the day of the week.",
                choosing: "true for streams that keep hours; it costs a fifth of the speed."),
            ConfigurationKey(
                "model.input_elapsed", stream: \.detector.model.inputElapsed, .boolean,
                "Whether the network sees how long ago the point before was.",
                choosing: "true for streams whose points come at irregular times."),
            ConfigurationKey(
                "model.input_season", stream: \.detector.model.inputSeason, .boolean,
                "Whether the network sees what the value changed by one season before (a day, or the period that the "
                    + "stream shows).",
                choosing: "true for streams with a strong season; score.season judges by it in any case."),
            ConfigurationKey(
                "model.input_missing", stream: \.detector.model.inputMissing, .boolean,
                "Whether the network sees that the last value was missing.",
                choosing: "true for streams with many gaps."),
            ConfigurationKey(
                "model.scaling", stream: \.detector.model.scaling, .choice,
                "How values are brought to (-1, 1): by the smallest and the largest one (\"minmax\"), or so that no "
                    + "single outlier can widen the range by more than half (\"robust\").",
                choosing: "leave it; \"minmax\" is what textbooks do."),
            ConfigurationKey(
                "model.range_half_life", stream: \.detector.model.rangeHalfLife, .integer(0...1_000_000_000),
                unit: "points",
                "Points after which the range that scales the input has forgotten half of what lies outside the "
                    + "recent values; 0 never forgets.",
                choosing: "a few times the longest cycle of the stream."),
            ConfigurationKey(
                "model.replay", stream: \.detector.model.replay, .integer(0...1000), unit: "windows",
                "Earlier windows of k2 points that are kept. Each training step learns from one of them beside the newest.",
                choosing: "leave it; 0 halves the cost of training, and costs more in accuracy than it saves."),
            ConfigurationKey(
                "model.hold", stream: \.detector.model.hold, .integer(0...100_000), unit: "points",
                "Points in a row that are not learned from while they are anomalous. What lasts longer is the new "
                    + "normal.",
                choosing: "longer than an incident lasts, shorter than you would wait for a new normal."),
            ConfigurationKey(
                "model.seed", stream: \.detector.model.seed, .seed,
                "Mixed with the stream's name to draw its first weights.",
                choosing: "any number; another one shows how much of a result is luck, if model.initial is \"\"."),
            ConfigurationKey(
                "model.learning", stream: \.detector.model.learning, .boolean,
                "Whether the network learns. If not, streams are still predicted and scored.",
                choosing: "false to keep a model as it is."),
            ConfigurationKey(
                sharing, stream: \.detector.model.sharing, .choice,
                "Whether each stream has a network of its own, or all streams of the [[stream]] section that says so share "
                    + "one (without a section: all of the daemon), each with a hidden state of its own.",
                choosing:
                    "\"per-stream\"; \"group\" for very many streams of one kind: a stream takes a twentieth of the "
                    + "memory, but has no evidence of the season, and its model can't be imported."),
        ])

    private static let scoreGroup = ConfigurationGroup(
        name: "score", heading: "From residuals to scores, from scores to anomalies.",
        keys: [
            ConfigurationKey(
                "score.false_alarm_probability", stream: \.detector.score.falseAlarmProbability, .number(1e-10...0.1),
                unit: "per point",
                "How rare a point must be, as a probability, to be flagged.",
                choosing: "smaller for fewer alarms: divide it by ten where each one wakes somebody."),
            ConfigurationKey(
                "score.false_alarms_per_week", stream: \.detector.score.falseAlarmsPerWeek, .number(0...10_000),
                unit: "per stream",
                "How many false alarms a stream may raise in a week, in place of the probability, whatever the time "
                    + "between two points; 0: the probability decides.",
                choosing: "1 if somebody looks every day; 0.1 where each one wakes somebody."),
            ConfigurationKey(
                "score.warmup", stream: \.detector.score.warmup, .integer(16...1_000_000), unit: "points",
                "Points at the start of a stream during which nothing is flagged.",
                choosing: "at least one full cycle of the stream."),
            ConfigurationKey(
                "score.window", stream: \.detector.score.window, .integer(64...65_536), unit: "points",
                "Points after which one counts half in what new ones are compared with.",
                choosing: "larger is steadier, smaller follows a change of the noise sooner."),
            ConfigurationKey(
                "score.rest", stream: \.detector.score.rest, .integer(0...10_000), unit: "points",
                "Points before it that a flagged point must be rarer than.",
                choosing: "larger for fewer alarms in a row; 0 flags every point that is rare enough."),
            ConfigurationKey(
                "score.residual", stream: \.detector.score.residual, .boolean,
                "Whether what the network did not expect counts as evidence.",
                choosing: "leave it; false judges by season and range only."),
            ConfigurationKey(
                "score.season", stream: \.detector.score.season, .boolean,
                "Whether what the same time of earlier days (or seasons) did not have counts as evidence.",
                choosing: "false for streams whose days have nothing in common."),
            ConfigurationKey(
                "score.range", stream: \.detector.score.range, .boolean,
                "Whether a value outside all that was seen before counts as evidence.",
                choosing: "false for what grows for ever, such as counters and disk usage."),
            ConfigurationKey(
                "score.flat_line", stream: \.detector.score.flatLine, .boolean,
                "Whether the same value for much longer than ever before counts as evidence.",
                choosing: "false for streams that may stand still."),
            ConfigurationKey(
                "score.gap", stream: \.detector.score.gap, .boolean,
                "Whether a point that comes much later than any before counts as evidence.",
                choosing: "false for streams that speak only when something happens."),
            ConfigurationKey(
                "score.variance", stream: \.detector.score.variance, .boolean,
                "Whether residuals that have become much smaller count as evidence.",
                choosing: "leave it; false where calm is always welcome."),
            ConfigurationKey(
                "score.drift", stream: \.detector.score.drift, .boolean,
                "Whether a level that creeps away for some hundred points counts as evidence.",
                choosing: "false for what grows for ever, such as counters and disk usage."),
            ConfigurationKey(
                "score.min_deviation", stream: \.detector.score.minDeviation,
                .number(0...ScoreSettings.largestDeviation),
                unit: "the stream's own",
                "Smallest deviation (from prediction, season or range) that can be evidence, however rare it is.",
                choosing: "what nobody would get up for, such as 0.5 degrees; 0 for none."),
            ConfigurationKey(
                "score.min_relative_deviation", stream: \.detector.score.minRelativeDeviation,
                .number(0...ScoreSettings.largestRelativeDeviation),
                "The same as a share of the value: 0.01 is a hundredth of it.",
                choosing: "0.01 or 0.05 where very quiet signals raise too many alarms; 0 for none."),
            ConfigurationKey(
                "score.direction", stream: \.detector.score.direction, .choice,
                "In which direction a value must be off (from prediction, season or range) to be an anomaly. Flat lines, "
                    + "gaps and a changed scatter have none and count in any case.",
                choosing: "\"above\" for latencies and queues, \"below\" for free space and sales."),
            ConfigurationKey(
                "score.expected_range", stream: \.detector.score.expectedRange, .range, unit: "the stream's own",
                "Lowest and highest value that are expected. One outside is an anomaly of the kind limit, with the score "
                    + "1, whatever the model thinks, also during the warm-up; what lies inside is judged as ever. []: "
                    + "none.",
                choosing: "what is physically possible, or agreed upon: [0, 100] for a percentage."),
            ConfigurationKey(
                "score.band", stream: \.detector.score.band, .number(0.5...0.999),
                "Share of the points that the band from lower to upper is meant to cover.",
                choosing: "a matter of taste: it is shown, and decides nothing."),
            ConfigurationKey(
                "score.quiet_points", stream: \.detector.score.quietPoints, .integer(1...100_000), unit: "points",
                "Unflagged points in a row after which an anomaly is over.",
                choosing: "larger joins neighbouring anomalies to one."),
        ])

    private static let storageGroup = ConfigurationGroup(
        name: "storage", heading: "How streams are kept.",
        keys: [
            ConfigurationKey(
                "storage.checkpoint_interval", stream: \.storage.checkpointInterval,
                .duration(1_000_000...86_400_000_000),
                "Time between two checkpoints of a stream's model.",
                choosing: "shorter replays fewer points after a crash and writes more.")
        ])
}
