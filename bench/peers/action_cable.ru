# Rails Action Cable of Debian's packages, alone under puma: one process, the async adapter. `puma` prints the port.
ENV["RAILS_ENV"] = "production"
require "action_cable"
require "active_support/all"
require "logger"

module ApplicationCable
  class Connection < ActionCable::Connection::Base
    identified_by :account
    def connect = self.account = request.params[:account_id]
  end
end

class NotificationsChannel < ActionCable::Channel::Base
  def subscribed = stream_from(connection.account)
end

cable = ActionCable.server
cable.config.cable = { "adapter" => "async" }
cable.config.connection_class = -> { ApplicationCable::Connection }
cable.config.disable_request_forgery_protection = true
cable.config.logger = ActionCable::Connection::TaggedLoggerProxy.new(Logger.new(IO::NULL), tags: [])
cable.config.logger = Logger.new(IO::NULL)

map("/stream") { run cable }
map("/publish") do
  run(lambda do |env|
    request = Rack::Request.new(env)
    cable.broadcast(request.GET["account_id"], JSON.parse(request.body.read))
    [200, { "Content-Type" => "application/json" }, ["{}"]]
  end)
end
